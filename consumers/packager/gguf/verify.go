package gguf

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Want is what a file has to agree with.
type Want struct {
	Model string // merged folder: config.json, generation_config.json, tokenizer, weights
	Type  FileType
}

// Report is what a verified file holds.
type Report struct {
	Architecture string
	FileType     FileType
	Dominant     Type           // most elements are of it
	ByType       map[string]int // tensors of each type
	Fallback     []string       // tensors that the quantizer kept wider than asked because of their row length
	Tensors      int
	Parameters   int64
	Vocabulary   int
	Context      int64
	EOS          int64 // -1 when there is none
	EOT          int64 // -1 when there is none
}

// InvalidError lists every check that failed.
type InvalidError struct {
	Path     string
	Problems []string
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s does not hold what it should: %s", e.Path, strings.Join(e.Problems, "; "))
}

// Verify reads the whole file. The error is *InvalidError for a file that can be read and is wrong.
func Verify(ctx context.Context, path string, want Want) (Report, error) {
	return Report{}, errors.ErrUnsupported
}
