package packager

import (
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/quantize"
)

// Values of RAGLINE_PACKAGER_OLLAMA.
const (
	OllamaAuto = "auto"
	OllamaOn   = "on"
	OllamaOff  = "off"
)

// Config of the packager.
type Config struct {
	// Dir holds SERIES/VERSION/.
	Dir string `env:"RAGLINE_PACKAGER_DIR" doc:"Folder of the packaged models. Empty: models below RAGLINE_DATA_DIR."`
	// Quantization is what to aim at.
	Quantization string `env:"RAGLINE_PACKAGER_QUANTIZATION" envDefault:"q4_k_m" doc:"Quantization of the packaged model. Where nothing here can make it, q8_0 is made. Allowed: f16, q8_0, q5_k_m, q4_k_m, q4_0."`
	// Ollama says whether models are registered there.
	Ollama string `env:"RAGLINE_PACKAGER_OLLAMA" envDefault:"auto" doc:"Whether models are registered in Ollama. auto: packaged without it, and registered once it answers. on: not packaged before it answers. off: never asked. Allowed: auto, on, off."`
	// OllamaHost is read in the forms that Ollama accepts.
	OllamaHost string `env:"OLLAMA_HOST" envDefault:"127.0.0.1:11434" doc:"Address of Ollama. Allowed: host, host:port or a URL."`
	// LlamaCPP is a folder with convert_hf_to_gguf.py and llama-quantize.
	LlamaCPP string `env:"LLAMA_CPP_PATH" doc:"Folder of llama.cpp, with convert_hf_to_gguf.py and llama-quantize. Empty: models are converted without it, and q5_k_m cannot be made."`
	// MergeBase says which weights the adapter is added to.
	MergeBase string `env:"RAGLINE_PACKAGER_MERGE_BASE" envDefault:"original" doc:"Weights that an adapter is added to: the base as published, or quantized to NF4 and back, as qlora and qdora were trained against. Allowed: original, nf4-roundtrip."`
	// Retry is the pause before something that is missing on this machine is looked for again.
	Retry time.Duration `env:"RAGLINE_PACKAGER_RETRY" envDefault:"30s" doc:"Time before the packager looks again for what was missing: an Ollama that answers, space on the disk. Allowed: above 0."`
}

// Sentinels of this package.
var (
	ErrNoDir = errors.New("RAGLINE_PACKAGER_DIR is empty")
	// ErrAnswers is about the version that answers.
	ErrAnswers = errors.New("the version answers, so it is packaged in no other quantization")
	// errElsewhere is about an Ollama on another machine.
	errElsewhere = errors.New("Ollama quantized the model, and its files are not on this machine")
)

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if _, err := quantize.Parse(c.Quantization); err != nil {
		return fmt.Errorf("RAGLINE_PACKAGER_QUANTIZATION=%q: allowed are %v", c.Quantization, quantize.Types())
	}
	switch c.Ollama {
	case OllamaAuto, OllamaOn, OllamaOff:
	default:
		return fmt.Errorf("RAGLINE_PACKAGER_OLLAMA=%q: allowed are auto, on and off", c.Ollama)
	}
	if _, err := ollama.New(c.OllamaHost); err != nil {
		return err
	}
	switch merge.Base(c.MergeBase) {
	case merge.Original, merge.NF4RoundTrip:
	default:
		return fmt.Errorf("RAGLINE_PACKAGER_MERGE_BASE=%q: allowed are original and nf4-roundtrip", c.MergeBase)
	}
	if c.Retry <= 0 {
		return fmt.Errorf("RAGLINE_PACKAGER_RETRY=%s: allowed are durations above 0", c.Retry)
	}
	return nil
}
