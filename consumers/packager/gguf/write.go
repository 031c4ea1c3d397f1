package gguf

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// EncodeFunc writes a row of elements in a type's stored form. dst has the size of the row.
type EncodeFunc func(dst []byte, src []float32)

// Rewrite copies a file with other keys and, tensor by tensor, other types. Keys replace those of the same name.
// change returns the new type and its encoder; a nil encoder copies the stored bytes.
func Rewrite(ctx context.Context, in, out string, keys []Key, change func(Tensor) (Type, EncodeFunc)) error {
	g, err := Open(in)
	if err != nil {
		return err
	}
	defer g.Close()
	return Replace(out, func(f *os.File) error {
		w := bufio.NewWriterSize(f, 1<<20)
		if err := g.rewrite(ctx, w, keys, change); err != nil {
			return fmt.Errorf("writing %s: %w", out, err)
		}
		return w.Flush()
	})
}

// Replace writes a temporary file beside path, syncs it and renames it last.
func Replace(path string, write func(*os.File) error) error {
	temporary := path + ".tmp"
	f, err := os.Create(temporary)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func (g *File) rewrite(ctx context.Context, w io.Writer, keys []Key, change func(Tensor) (Type, EncodeFunc)) error {
	all := slices.Clone(g.Keys)
	for _, k := range keys {
		if i := slices.IndexFunc(all, func(a Key) bool { return a.Name == k.Name }); i >= 0 {
			all[i] = k
		} else {
			all = append(all, k)
		}
	}
	tensors, encoders := slices.Clone(g.Tensors), make([]EncodeFunc, len(g.Tensors))
	var offset uint64
	for i := range tensors {
		t := &tensors[i]
		t.Type, encoders[i] = change(*t)
		l, ok := t.Type.layout()
		if !ok || t.Dims[0]%l.elements != 0 {
			return fmt.Errorf("tensor %s with rows of %d as %v: %w", t.Name, t.Dims[0], t.Type, ErrFormat)
		}
		t.Offset, t.bytes = offset, t.elements/l.elements*l.bytes
		offset = pad(offset+t.bytes, g.alignment)
	}
	head := encodeHeader(all, tensors)
	if _, err := w.Write(append(head, make([]byte, pad(uint64(len(head)), g.alignment)-uint64(len(head)))...)); err != nil {
		return err
	}
	for i, t := range tensors {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.copyTensor(w, g.Tensors[i], t, encoders[i]); err != nil {
			return fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		if _, err := w.Write(make([]byte, pad(t.bytes, g.alignment)-t.bytes)); err != nil {
			return err
		}
	}
	return nil
}

func encodeHeader(keys []Key, tensors []Tensor) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("GGUF"), 3)
	b = le.AppendUint64(le.AppendUint64(b, uint64(len(tensors))), uint64(len(keys)))
	for _, k := range keys {
		b = append(append(le.AppendUint64(b, uint64(len(k.Name))), k.Name...), k.raw...)
	}
	for _, t := range tensors {
		b = append(le.AppendUint64(b, uint64(len(t.Name))), t.Name...)
		b = le.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint64(le.AppendUint32(b, uint32(t.Type)), t.Offset)
	}
	return b
}

// copyTensor goes block by block, so that memory is bounded by a row and a megabyte.
func (g *File) copyTensor(w io.Writer, from, to Tensor, encode EncodeFunc) error {
	if encode == nil {
		_, err := io.Copy(w, g.Data(from))
		return err
	}
	row := from.Dims[0]
	rows := max(1, (1<<18)/row)
	in := g.Data(from)
	for total := from.elements / row; total > 0; {
		n := min(rows, total)
		raw := make([]byte, from.bytes/(from.elements/row)*n)
		if _, err := io.ReadFull(in, raw); err != nil {
			return err
		}
		values := make([]float32, row*n)
		if err := Decode(values, raw, from.Type); err != nil {
			return err
		}
		stored := make([]byte, to.bytes/(to.elements/row)*n)
		encode(stored, values)
		if _, err := w.Write(stored); err != nil {
			return err
		}
		total -= n
	}
	return nil
}
