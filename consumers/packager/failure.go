package packager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/modelfile"
	"github.com/ragline/ragline/consumers/packager/quantize"
)

// Reasons of a rejection. The first group is about the model: it stays rejected until someone packages it by
// command. The second is about the machine: the packager tries again by itself.
const (
	ReasonAdapterMissing    = "adapter_missing"
	ReasonAdapterChanged    = "adapter_changed"
	ReasonBaseMissing       = "base_model_missing"
	ReasonMergeRefused      = "merge_refused"
	ReasonNotFinite         = "weights_not_finite"
	ReasonUnsupported       = "conversion_unsupported"
	ReasonToolMissing       = "tool_missing"
	ReasonGGUFInvalid       = "gguf_invalid"
	ReasonQuantization      = "quantization_unsupported"
	ReasonTemplateUnknown   = "template_unknown"
	ReasonTemplateDiffers   = "template_differs"
	ReasonOllamaRefused     = "ollama_refused"
	ReasonNoAnswer          = "no_answer"
	ReasonPromptDiffers     = "prompt_differs"
	ReasonDiskFull          = "disk_full"
	ReasonOllamaDiskFull    = "ollama_disk_full"
	ReasonOllamaUnreachable = "ollama_unreachable"
	ReasonInternal          = "internal"
)

const adviceAgain = "; then: ragline model package MODEL:VERSION"

// Failure is why a model is not packaged. Its text says what to do.
type Failure struct {
	Reason string
	Advice string
	Err    error
}

func (f *Failure) Error() string {
	if f.Advice == "" {
		return f.Err.Error()
	}
	return f.Err.Error() + " (" + f.Advice + ")"
}

func (f *Failure) Unwrap() error { return f.Err }

// Passing says that the machine is at fault, not the model.
func (f *Failure) Passing() bool { return passing(f.Reason) }

func passing(reason string) bool {
	switch reason {
	case ReasonDiskFull, ReasonOllamaDiskFull, ReasonOllamaUnreachable, ReasonInternal:
		return true
	}
	return false
}

func fail(reason, advice, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Advice: advice, Err: fmt.Errorf(format, args...)}
}

// classify finds the reason of an error. The end of ctx is none.
func classify(ctx context.Context, err error) error {
	var f *Failure
	if err == nil || ctx.Err() != nil || errors.As(err, &f) {
		return err
	}
	var refused *merge.RefusedError
	var invalid *gguf.InvalidError
	var unsupported *gguf.UnsupportedError
	var quantization *quantize.UnsupportedError
	f = &Failure{Reason: ReasonInternal, Advice: "it is tried again", Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Reason, f.Advice = ReasonDiskFull, "free space below RAGLINE_PACKAGER_DIR; it is tried again"
	case errors.Is(err, gguf.ErrScript), errors.Is(err, gguf.ErrInterpreter), errors.Is(err, quantize.ErrTool):
		f.Reason, f.Advice = ReasonToolMissing, "mend LLAMA_CPP_PATH, or leave it empty"+adviceAgain
	case errors.Is(err, ollama.ErrDiskFull):
		f.Reason, f.Advice = ReasonOllamaDiskFull, "free space in Ollama's folder of models; it is tried again"
	case errors.Is(err, ollama.ErrUnreachable), errors.Is(err, ollama.ErrUnfinished):
		f.Reason, f.Advice = ReasonOllamaUnreachable, "start it, or set RAGLINE_PACKAGER_OLLAMA=off; it is tried again"
	case errors.Is(err, ollama.ErrRefused), errors.Is(err, ollama.ErrUnsafe), errors.Is(err, ollama.ErrNotFound):
		f.Reason, f.Advice = ReasonOllamaRefused, "see Ollama's log"+adviceAgain
	case errors.As(err, &refused):
		f.Reason, f.Advice = ReasonMergeRefused, "train again with a configuration that can be merged"
	case errors.Is(err, merge.ErrNotFinite):
		f.Reason, f.Advice = ReasonNotFinite, "train again with a lower learning rate"
	case errors.As(err, &invalid):
		f.Reason, f.Advice = ReasonGGUFInvalid, "convert with llama.cpp (LLAMA_CPP_PATH)"+adviceAgain
	case errors.As(err, &unsupported):
		f.Reason, f.Advice = ReasonUnsupported, "set LLAMA_CPP_PATH"+adviceAgain
	case errors.As(err, &quantization):
		f.Reason, f.Advice = ReasonQuantization, "choose another RAGLINE_PACKAGER_QUANTIZATION"+adviceAgain
	case errors.Is(err, modelfile.ErrStyle), errors.Is(err, modelfile.ErrQuote):
		f.Reason, f.Advice = ReasonTemplateUnknown, "train with a chat template that can be served"
	case errors.Is(err, fs.ErrNotExist):
		f.Reason, f.Advice = ReasonAdapterMissing, "bring the folder back"+adviceAgain
	}
	return f
}
