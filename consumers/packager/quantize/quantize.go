package quantize

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Type is what to quantize to, in the spelling of Ollama's tags.
type Type string

// The types that are offered.
const (
	F16  Type = "f16"
	Q8_0 Type = "q8_0"   //nolint:revive // the usual name
	Q4_0 Type = "q4_0"   //nolint:revive // the usual name
	Q4KM Type = "q4_k_m" // the default: 4.9 bits a weight
	Q5KM Type = "q5_k_m"
)

// Route is who quantizes.
type Route string

const (
	// RouteGo is this package.
	RouteGo Route = "go"
	// RouteLlamaCPP is llama-quantize, a child process.
	RouteLlamaCPP Route = "llama.cpp"
	// RouteOllama is Ollama's /api/create, which takes the f16 file and OllamaName of the type.
	RouteOllama Route = "ollama"
)

// Routes says what is there.
type Routes struct {
	LlamaCPP string // folder with llama-quantize, here or in build/bin; empty when there is none
	Ollama   bool
}

// UnsupportedError is a type that no route at hand can make.
type UnsupportedError struct {
	Type Type
	Have []Route
	Can  []Route
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("quantizing to %s by %v: not supported; %v can (llama.cpp: set LLAMA_CPP_PATH to a folder with llama-quantize; ollama: a running server)", e.Type, e.Have, e.Can)
}

// ErrType is a name that is not a quantization.
var ErrType = errors.New("unknown quantization")

// Options of a run.
type Options struct {
	In       string // GGUF in f16 or bf16
	Out      string // file to write; it appears complete
	Type     Type
	LlamaCPP string // folder with llama-quantize; empty for the route in Go
	Threads  int    // of llama-quantize; 0 for its default
	// Log gets the lines of llama-quantize. May be nil.
	Log func(line string)
}

// Types are all types, from large to small.
func Types() []Type { return []Type{F16, Q8_0, Q5KM, Q4KM, Q4_0} }

// Parse reads a name in any case.
func Parse(name string) (Type, error) {
	for _, t := range Types() {
		if strings.EqualFold(name, string(t)) {
			return t, nil
		}
	}
	return "", fmt.Errorf("quantizing to %q (one of %v): %w", name, Types(), ErrType)
}

// OllamaName is the value of "quantize" in /api/create; false when Ollama cannot make the type.
func OllamaName(t Type) (string, bool) {
	switch t {
	case Q8_0:
		return "q8_0", true
	case Q4KM:
		return "q4_K_M", true
	default:
		return "", false
	}
}

// Choose picks the route: llama.cpp, then this package, then Ollama.
func Choose(t Type, routes Routes) (Route, error) {
	return "", errors.ErrUnsupported
}

// Run quantizes by llama-quantize when Options name it, else in this process.
func Run(ctx context.Context, opts Options) error {
	return errors.ErrUnsupported
}
