package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Info announces a tensor to a Writer.
type Info struct {
	Name  string
	Type  Type
	Shape []int64
}

// Bytes is the size that the tensor will have.
func (i Info) Bytes() int64 {
	n, _ := product(i.Shape)
	return n * size(i.Type)
}

// Writer streams tensors behind a header that is written first.
type Writer struct {
	w    io.Writer
	left int64 // bytes that the header announces and that are not written yet
}

// NewWriter writes the header. The bytes of the tensors follow by Write, in the order of infos, without gaps.
func NewWriter(w io.Writer, infos []Info) (*Writer, error) {
	entries := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	var end int64
	for _, info := range infos {
		if _, ok := product(info.Shape); !ok || size(info.Type) == 0 {
			return nil, fmt.Errorf("writing tensor %s of type %s and shape %v: %w", info.Name, info.Type, info.Shape, ErrType)
		}
		if _, twice := entries[info.Name]; twice {
			return nil, fmt.Errorf("writing tensor %s twice: %w", info.Name, ErrFormat)
		}
		begin := end
		end += info.Bytes()
		shape := info.Shape
		if shape == nil {
			shape = []int64{}
		}
		entries[info.Name] = entry{Type: info.Type, Shape: shape, Offsets: [2]int64{begin, end}}
	}
	raw, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	for len(raw)%8 != 0 { // the data begins at a multiple of 8
		raw = append(raw, ' ')
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))); err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	return &Writer{w: w, left: end}, nil
}

// Write takes the next bytes of the data.
func (w *Writer) Write(p []byte) (int, error) {
	if int64(len(p)) > w.left {
		return 0, fmt.Errorf("writing %d bytes where %d are left: %w", len(p), w.left, ErrFormat)
	}
	n, err := w.w.Write(p)
	w.left -= int64(n)
	return n, err
}

// Close fails when bytes are missing. It does not close what the Writer writes to.
func (w *Writer) Close() error {
	if w.left != 0 {
		return fmt.Errorf("closing with %d bytes missing: %w", w.left, ErrFormat)
	}
	return nil
}
