package ollama

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// Types of GGUF values, by their numbers in the file.
const (
	typeUint32 = 4
	typeString = 8
	typeArray  = 9
)

// sizes of the values that have one.
func sizeOf(kind uint32) int64 {
	switch kind {
	case 0, 1, 7:
		return 1
	case 2, 3:
		return 2
	case typeUint32, 5, 6:
		return 4
	case 10, 11, 12:
		return 8
	}
	return -1
}

// checkGGUF refuses what Ollama takes for something else: no GGUF, an adapter, and a file of type F32, whose number 0
// Ollama reads as missing. Whether the model is sound is not asked here.
func checkGGUF(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	defer f.Close()
	h := header{r: bufio.NewReader(f)}
	kind, fileType := h.read()
	switch {
	case h.err != nil:
		return fmt.Errorf("%w: %s is no GGUF: %w", ErrUnsafe, file, h.err)
	case kind == "adapter":
		return fmt.Errorf("%w: %s is an adapter; merge it into its base", ErrUnsafe, file)
	case fileType == 0:
		return fmt.Errorf("%w: %s is F32; convert it to F16 or BF16", ErrUnsafe, file)
	}
	return nil
}

// header reads the keys of a GGUF, as far as two of them are known.
type header struct {
	r   *bufio.Reader
	err error
}

func (h *header) read() (kind string, fileType uint32) {
	var head struct {
		Magic         [4]byte
		Version       uint32
		Tensors, Keys uint64
	}
	h.decode(&head)
	if h.err == nil && string(head.Magic[:]) != "GGUF" {
		h.err = fmt.Errorf("it begins with %q", head.Magic[:])
	}
	fileType = 1 // a file that does not say is not F32 for Ollama either
	for i := uint64(0); i < head.Keys && h.err == nil; i++ {
		key := h.text()
		var of uint32
		h.decode(&of)
		switch {
		case key == "general.type" && of == typeString:
			kind = h.text()
		case key == "general.file_type" && of == typeUint32:
			h.decode(&fileType)
		default:
			h.skip(of)
		}
	}
	return kind, fileType
}

func (h *header) decode(v any) {
	if h.err == nil {
		h.err = binary.Read(h.r, binary.LittleEndian, v)
	}
}

func (h *header) text() string {
	var n uint64
	h.decode(&n)
	if h.err == nil && n > maxLine {
		h.err = fmt.Errorf("a text of %d bytes", n)
	}
	if h.err != nil {
		return ""
	}
	raw := make([]byte, n)
	_, h.err = io.ReadFull(h.r, raw)
	return string(raw)
}

func (h *header) skip(kind uint32) {
	switch kind {
	case typeString:
		h.text()
	case typeArray:
		var of uint32
		var n uint64
		h.decode(&of)
		h.decode(&n)
		for ; of == typeString && n > 0 && h.err == nil; n-- {
			h.text()
		}
		if n > 0 {
			h.discard(of, n)
		}
	default:
		h.discard(kind, 1)
	}
}

func (h *header) discard(kind uint32, n uint64) {
	size := sizeOf(kind)
	if h.err == nil && size < 0 {
		h.err = fmt.Errorf("a value of type %d", kind)
	}
	if h.err == nil {
		_, h.err = io.CopyN(io.Discard, h.r, size*int64(n))
	}
}
