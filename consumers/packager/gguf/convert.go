package gguf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ollama/ollama/convert"
	"github.com/x448/float16"

	"github.com/ragline/ragline/consumers/packager/safetensors"
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
	AddBOS   *bool    // whether a runner puts the BOS token before a prompt; nil leaves it to the tokenizer's config
	Lineage  Lineage
}

// Sentinels about llama.cpp's converter.
var (
	// ErrScript is a folder without the script, or with one that cannot be run.
	ErrScript = errors.New("convert_hf_to_gguf.py cannot be run")
	// ErrInterpreter is a Python without a package that the script imports.
	ErrInterpreter = errors.New("the interpreter lacks what llama.cpp's requirements.txt names")
)

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
	route, run := RouteGo, inProcess
	if opts.LlamaCPP != "" {
		route, run = RouteLlamaCPP, script
	}
	if opts.Type != FileF16 && opts.Type != FileBF16 {
		return route, &UnsupportedError{What: "to " + opts.Type.String(), Route: route}
	}
	raw := opts.Out + ".raw"
	defer os.Remove(raw)
	if err := run(ctx, opts, raw); err != nil {
		return route, fmt.Errorf("converting %s to GGUF: %w", opts.Model, err)
	}
	keys, err := finish(opts, raw)
	if err != nil {
		return route, err
	}
	return route, Rewrite(ctx, raw, opts.Out, keys, retype(opts.Type))
}

// inProcess runs Ollama's converter, which knows no context and panics on some malformed models.
func inProcess(ctx context.Context, opts ConvertOptions, out string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the converter gave up: %v", p)
		}
	}()
	err = convert.ConvertModel(os.DirFS(opts.Model), f)
	if err != nil && strings.Contains(err.Error(), "unsupported architecture") {
		return &UnsupportedError{What: err.Error(), Route: RouteGo, Can: []Route{RouteLlamaCPP}}
	}
	return err
}

// script runs llama.cpp's converter. The interpreter is the user's: what it needs is not ours to install.
func script(ctx context.Context, opts ConvertOptions, out string) error {
	path := filepath.Join(opts.LlamaCPP, "convert_hf_to_gguf.py")
	args := []string{opts.Model, "--outfile", out, "--outtype", strings.ToLower(opts.Type.String())}
	if opts.Python != "" {
		args, path = append([]string{path}, args...), opts.Python
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err := cmd.Run()
	if err == nil {
		return nil
	}
	tail := strings.TrimSpace(log.String())
	tail = tail[max(0, len(tail)-600):]
	if strings.Contains(log.String(), "NotImplementedError") || strings.Contains(log.String(), "is not supported") {
		return &UnsupportedError{What: tail, Route: RouteLlamaCPP, Can: []Route{RouteGo}}
	}
	var exit *exec.ExitError
	switch {
	case strings.Contains(tail, "ModuleNotFoundError"):
		err = ErrInterpreter
	case !errors.As(err, &exit) && ctx.Err() == nil: // it has not been started
		return fmt.Errorf("running %s: %w: %w", path, ErrScript, err)
	}
	return fmt.Errorf("running %s: %w: %s", filepath.Base(path), err, tail)
}

// retype turns every 16-bit tensor into the type that was asked for. Ollama's converter keeps the source's bf16.
func retype(to FileType) func(Tensor) (Type, EncodeFunc) {
	return func(t Tensor) (Type, EncodeFunc) {
		switch {
		case t.Type == BF16 && to == FileF16:
			return F16, EncodeF16
		case t.Type == F16 && to == FileBF16:
			return BF16, safetensors.EncodeBF16
		default:
			return t.Type, nil
		}
	}
}

// EncodeF16 rounds floats to half precision. What is too large becomes infinite, which Verify finds.
func EncodeF16(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], float16.Fromfloat32(v).Bits())
	}
}
