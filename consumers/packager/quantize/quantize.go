package quantize

import (
	"context"
	"slices"
)

// Routes says what is there.
type Routes struct {
	LlamaCPP string // folder with llama-quantize; empty when there is none
	Ollama   bool
}

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

// can says what each route makes.
func can(r Route, t Type) bool {
	switch r {
	case RouteLlamaCPP:
		return true
	case RouteGo:
		return t == F16 || t == Q8_0 || t == Q4_0
	default:
		_, ok := OllamaName(t)
		return ok
	}
}

// Choose picks the route: llama.cpp, then this package, then Ollama.
func Choose(t Type, routes Routes) (Route, error) {
	have := []Route{RouteGo}
	if routes.LlamaCPP != "" {
		have = []Route{RouteLlamaCPP, RouteGo}
	}
	if routes.Ollama {
		have = append(have, RouteOllama)
	}
	for _, r := range have {
		if can(r, t) {
			return r, nil
		}
	}
	return "", unsupported(t, have)
}

func unsupported(t Type, have []Route) error {
	others := slices.DeleteFunc([]Route{RouteLlamaCPP, RouteGo, RouteOllama}, func(r Route) bool { return !can(r, t) })
	return &UnsupportedError{Type: t, Have: have, Can: others}
}

// Run quantizes by llama-quantize when Options name it, else in this process.
func Run(ctx context.Context, opts Options) error {
	if _, err := Parse(string(opts.Type)); err != nil {
		return err
	}
	switch {
	case opts.LlamaCPP != "":
		return child(ctx, opts)
	case can(RouteGo, opts.Type):
		return inProcess(ctx, opts)
	default:
		return unsupported(opts.Type, []Route{RouteGo})
	}
}
