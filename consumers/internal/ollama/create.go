package ollama

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
)

const (
	statusSuccess = "success"
	stop          = "stop"
)

// Progress is what Ollama says while it works.
type Progress struct {
	Status    string `json:"status"`
	Digest    string `json:"digest,omitempty"`
	Total     int64  `json:"total,omitempty"`
	Completed int64  `json:"completed,omitempty"`
}

// CreateRequest describes a model.
type CreateRequest struct {
	// Model is the name with its tag.
	Model string
	// GGUF is a file on this machine. It is uploaded unless Ollama has it.
	GGUF string
	// Quantize is one of Ollama's types, or "" for the file as it is.
	Quantize string
	// Template, in the language of Go templates. Required.
	Template string
	// System is the system message of conversations that have none.
	System string
	// Parameters need at least one stop word, under "stop".
	Parameters map[string]any
}

// Create uploads the file and registers the model. It returns nil once Ollama has said success.
func (c *Client) Create(ctx context.Context, r CreateRequest, progress func(Progress)) error {
	if err := r.check(); err != nil {
		return err
	}
	digest, err := c.Upload(ctx, r.GGUF, progress)
	if err != nil {
		return err
	}
	done := false
	err = c.lines(ctx, "/api/create", r.wire(digest), func(line []byte) error {
		var p Progress
		if err := json.Unmarshal(line, &p); err != nil {
			return fmt.Errorf("reading progress: %w", err)
		}
		done = done || p.Status == statusSuccess
		report(progress, p)
		return nil
	})
	if err == nil && !done {
		err = fmt.Errorf("creating %s: %w", r.Model, ErrUnfinished)
	}
	return err
}

func report(progress func(Progress), p Progress) {
	if progress != nil {
		progress(p)
	}
}

func (r CreateRequest) check() error {
	stops, _ := r.Parameters[stop].([]string)
	switch {
	case r.Model == "" || path.Base(r.Model) == ".":
		return fmt.Errorf("%w: a model without a name", ErrUnsafe)
	case r.Template == "":
		return fmt.Errorf("%w: without a template Ollama guesses one", ErrUnsafe)
	case len(stops) == 0:
		return fmt.Errorf("%w: without stop words answers do not end", ErrUnsafe)
	}
	return checkGGUF(r.GGUF)
}

// wire is the request as Ollama reads it. Parameters that it does not know it accepts and ignores.
func (r CreateRequest) wire(digest string) map[string]any {
	w := map[string]any{
		"model": r.Model, "files": map[string]string{"model.gguf": digest},
		"template": r.Template, "parameters": r.Parameters,
	}
	if r.Quantize != "" {
		w["quantize"] = r.Quantize
	}
	if r.System != "" {
		w["system"] = r.System
	}
	return w
}
