package ollama

import (
	"context"
	"net/http"
)

// Model is a name that Ollama serves.
type Model struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// Info is what Ollama says of a model.
type Info struct {
	Template   string         `json:"template"`
	System     string         `json:"system"`
	Parameters string         `json:"parameters"`
	Modelfile  string         `json:"modelfile"`
	Details    Details        `json:"details"`
	Keys       map[string]any `json:"model_info"`
	Tensors    []Tensor       `json:"tensors"`
}

// Details of a model.
type Details struct {
	Format       string `json:"format"`
	Family       string `json:"family"`
	Quantization string `json:"quantization_level"`
}

// Tensor of a model.
type Tensor struct {
	Name  string  `json:"name"`
	Type  string  `json:"type"`
	Shape []int64 `json:"shape"`
}

// Version of the server. It is the cheapest question there is.
func (c *Client) Version(ctx context.Context) (string, error) {
	var v struct {
		Version string `json:"version"`
	}
	err := c.call(ctx, http.MethodGet, "/api/version", nil, &v)
	return v.Version, err
}

// Models lists what Ollama serves.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	var v struct {
		Models []Model `json:"models"`
	}
	err := c.call(ctx, http.MethodGet, "/api/tags", nil, &v)
	return v.Models, err
}

// Show describes a model, every tensor included.
func (c *Client) Show(ctx context.Context, model string) (Info, error) {
	var info Info
	err := c.call(ctx, http.MethodPost, "/api/show", map[string]any{"model": model, "verbose": true}, &info)
	return info, err
}
