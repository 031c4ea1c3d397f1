package quantize

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/packager/gguf"
)

// Type is what to quantize to, in the spelling of Ollama's tags.
type Type string

// The types that are offered.
const (
	F16  Type = "f16"
	Q8_0 Type = "q8_0"
	Q4_0 Type = "q4_0"
	Q4KM Type = "q4_k_m" // 4.9 bits a weight
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

// ErrType is a name that is not a quantization.
var ErrType = errors.New("unknown quantization")

// UnsupportedError is a type that no route at hand can make.
type UnsupportedError struct {
	Type Type
	Have []Route
	Can  []Route
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("quantizing to %s by %v: not supported; %v can (llama.cpp: set LLAMA_CPP_PATH to a folder with llama-quantize; ollama: a running server)", e.Type, e.Have, e.Can)
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

// FileType is what a file of this quantization claims.
func (t Type) FileType() gguf.FileType {
	switch t {
	case Q8_0:
		return gguf.FileQ8_0
	case Q4_0:
		return gguf.FileQ4_0
	case Q4KM:
		return gguf.FileQ4KM
	case Q5KM:
		return gguf.FileQ5KM
	default:
		return gguf.FileF16
	}
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
