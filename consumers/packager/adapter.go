package packager

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/schemas/event"
)

// Files of an adapter's folder.
const (
	trainingFile = "training.json"
	parityFile   = "parity.jsonl"
	weightsFile  = "adapter_model.safetensors"
	maxParity    = 16 << 20 // bytes of one line
)

// adapter is what training left.
type adapter struct {
	training
	dir    string
	sha256 string
	parity []parityLine
}

// training is the part of training.json that packaging needs.
type training struct {
	JobID         string   `json:"job_id"`
	DatasetID     string   `json:"dataset_id"`
	DatasetURI    string   `json:"dataset_uri"`
	BaseModel     string   `json:"base_model"`
	BasePath      string   `json:"base_path"`
	BaseRevision  string   `json:"base_revision"`
	MaxLength     int      `json:"max_length"`
	TemplateStyle string   `json:"template_style"`
	Stop          []string `json:"stop"`
	BOS           bool     `json:"bos"`
	System        string   `json:"system"`
}

// parityLine is a conversation with the text that training put before its answer.
type parityLine struct {
	Messages []ollama.Message `json:"messages"`
	Prompt   string           `json:"prompt"`
}

// readAdapter reads an adapter and proves that it is the one that was announced.
func readAdapter(e *event.ModelTrained) (adapter, error) {
	dir, err := folderOf(e.GetAdapterUri())
	if err != nil {
		return adapter{}, fail(ReasonAdapterMissing, "", "%w", err)
	}
	a := adapter{dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, trainingFile))
	if err != nil {
		return a, fmt.Errorf("reading the adapter: %w", err)
	}
	if err := json.Unmarshal(raw, &a.training); err != nil {
		return a, fail(ReasonAdapterMissing, "train again", "reading %s: %w", trainingFile, err)
	}
	if a.sha256, err = file.SHA256(filepath.Join(dir, weightsFile)); err != nil {
		return a, fmt.Errorf("reading the adapter: %w", err)
	}
	if want := e.GetAdapterSha256(); want != "" && want != a.sha256 {
		return a, fail(ReasonAdapterChanged, "train again", "the adapter in %s has the SHA-256 %s, and %s was announced", dir, a.sha256, want)
	}
	if _, err := os.Stat(a.BasePath); err != nil {
		return a, fail(ReasonBaseMissing, "put the base model there"+adviceAgain, "reading the base of the adapter: %w", err)
	}
	a.parity, err = readParity(filepath.Join(dir, parityFile))
	return a, err
}

// readParity reads the prompts of training. An adapter without any can be packaged, and is not promoted.
func readParity(path string) ([]parityLine, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the prompts of training: %w", err)
	}
	var lines []parityLine
	s := bufio.NewScanner(bytes.NewReader(raw))
	s.Buffer(nil, maxParity)
	for s.Scan() {
		var l parityLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil || len(l.Messages) == 0 {
			return nil, fail(ReasonAdapterMissing, "train again", "line %d of %s is no prompt of training", len(lines)+1, parityFile)
		}
		lines = append(lines, l)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", parityFile, err)
	}
	return lines, nil
}

// folderOf is the path of a file URI, or of a path.
func folderOf(uri string) (string, error) {
	u, err := url.Parse(uri)
	switch {
	case err != nil || uri == "":
		return "", fmt.Errorf("the adapter's address %q is no folder", uri)
	case u.Scheme == "":
		return uri, nil
	case u.Scheme != "file":
		return "", fmt.Errorf("the adapter's address %s is not on this machine", uri)
	}
	return filepath.FromSlash(u.Path), nil
}
