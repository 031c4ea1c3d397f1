package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ragline/ragline/consumers/packager/modelfile"
	"github.com/ragline/ragline/consumers/packager/quantize"
)

// quantizingMark is on the name of a model that exists only to be quantized.
const quantizingMark = "-quantizing"

// quantizeByOllama has Ollama quantize and takes the file over, so that it is verified like any other.
func (b *build) quantizeByOllama(ctx context.Context, mf modelfile.File, t quantize.Type) (err error) {
	name := servedName(b.trained) + quantizingMark
	r := request(name, b.gguf(quantize.F16), mf)
	r.Quantize, _ = quantize.OllamaName(t) // the route was chosen because there is one
	defer func() { err = b.forget(ctx, name, err) }()
	if err := b.ollama.Create(ctx, r, b.ollamaProgress); err != nil {
		return err
	}
	info, err := b.ollama.Show(ctx, name)
	if err != nil {
		return err
	}
	blob, err := blobOf(info.Modelfile)
	if err != nil {
		return err
	}
	return take(blob, b.gguf(t))
}

// blobOf is the file that a model is made from, as `ollama show --modelfile` tells it.
func blobOf(modelfile string) (string, error) {
	for line := range strings.Lines(modelfile) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "FROM "); ok && exists(path) {
			return path, nil
		}
	}
	return "", fail(ReasonQuantization, "set LLAMA_CPP_PATH, or RAGLINE_PACKAGER_QUANTIZATION=q8_0"+adviceAgain, "%w", errElsewhere)
}

// take gives a file that never changes another name, or copies it where that is on another disk.
func take(from, to string) error {
	part := to + ".part"
	if err := remove(part); err != nil {
		return err
	}
	if err := os.Link(from, part); err != nil {
		if err := copyFile(from, part); err != nil {
			return errors.Join(fmt.Errorf("copying the model from Ollama: %w", err), remove(part)) // a full disk is not kept full
		}
	}
	return os.Rename(part, to)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
