package gguf

import (
	"context"
	"errors"
	"fmt"
)

// Route is who converts.
type Route string

const (
	// RouteGo is Ollama's converter, in this process.
	RouteGo Route = "go"
	// RouteLlamaCPP is convert_hf_to_gguf.py, as a child process.
	RouteLlamaCPP Route = "llama.cpp"
)

// ConvertOptions of a conversion.
type ConvertOptions struct {
	Model    string   // merged folder
	Out      string   // file to write; it appears complete
	Type     FileType // FileF16 or FileBF16
	LlamaCPP string   // folder with convert_hf_to_gguf.py; empty for the route in Go
	Python   string   // interpreter for the script; empty runs the script by its own first line
	Lineage  Lineage
}

// Lineage is written into the file. Empty fields are left out.
type Lineage struct {
	Name         string // general.name
	Version      string // general.version
	BaseModel    string // general.base_model.0.name
	BaseRevision string // general.base_model.0.version
	BaseURL      string // general.base_model.0.repo_url
	Dataset      string // general.datasets: id of the dataset
	DatasetURI   string // general.dataset.0.repo_url
	JobID        string // general.source.uuid: the training job
	License      string // general.license
}

// UnsupportedError is a model that a route cannot convert.
type UnsupportedError struct {
	What  string
	Route Route
	Can   []Route // routes that may
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("converting %s by route %s: not supported; routes that may do it: %v (llama.cpp: set LLAMA_CPP_PATH)", e.What, e.Route, e.Can)
}

// Convert writes a GGUF and says who did it.
func Convert(ctx context.Context, opts ConvertOptions) (Route, error) {
	return "", errors.ErrUnsupported
}
