package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// ErrFormat is a file that is not GGUF version 3, or that contradicts itself.
var ErrFormat = errors.New("not a sound GGUF file")

// Limits of the reader. Those without a limit in the format are far above every published model.
const (
	maxKeys    = 1 << 16
	maxTensors = 1 << 17
	maxKey     = 1<<16 - 1
	maxName    = 64
	maxDims    = 4
	maxArray   = 1 << 24
	maxHeader  = 1 << 28 // bytes; a vocabulary of 256,000 tokens takes about ten million
)

// kind of a value, as the format numbers them.
type kind uint32

const (
	kindUint8 kind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

// width in bytes; 0 for what has no fixed width.
func (k kind) width() int {
	switch k {
	case kindUint8, kindInt8, kindBool:
		return 1
	case kindUint16, kindInt16:
		return 2
	case kindUint32, kindInt32, kindFloat32:
		return 4
	case kindUint64, kindInt64, kindFloat64:
		return 8
	default:
		return 0
	}
}

// Key is one entry of the metadata. Value is a uint64, int64, float64, bool or string, or a slice of one of them.
type Key struct {
	Name  string
	Value any
	raw   []byte // kind and value as they are stored
}

// Tensor is one entry of the list of tensors. Dims has the row length first.
type Tensor struct {
	Name   string
	Dims   []uint64
	Type   Type
	Offset uint64 // from the beginning of the data

	elements, bytes uint64
}

// Elements is the product of the dimensions.
func (t Tensor) Elements() uint64 { return t.elements }

// Bytes is the stored size.
func (t Tensor) Bytes() uint64 { return t.bytes }

// File is an open GGUF file.
type File struct {
	Keys    []Key
	Tensors []Tensor

	file      io.ReaderAt
	close     func() error
	size      int64
	data      int64 // where the data begins
	alignment uint64
	byName    map[string]int
}

// Open reads the header: everything but the data of the tensors. What it allocates is bounded by the file's size.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	g, err := read(f, info.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), f.Close())
	}
	g.close = f.Close
	return g, nil
}

func read(r io.ReaderAt, size int64) (*File, error) {
	g := &File{file: r, size: size, alignment: 32, byName: map[string]int{}}
	return g, g.header()
}

// Close closes the file.
func (g *File) Close() error { return g.close() }

// Data reads the stored bytes of a tensor.
func (g *File) Data(t Tensor) *io.SectionReader {
	return io.NewSectionReader(g.file, g.data+int64(t.Offset), int64(t.bytes))
}

// Tensor finds one by name.
func (g *File) Tensor(name string) (Tensor, bool) {
	for _, t := range g.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// Value of a key, or nil.
func (g *File) Value(name string) any {
	if i, ok := g.byName[name]; ok {
		return g.Keys[i].Value
	}
	return nil
}

// Architecture is general.architecture, before which stand the keys of the family.
func (g *File) Architecture() string {
	s, _ := g.Value("general.architecture").(string)
	return s
}

// Integer is the value of a key that holds one.
func (g *File) Integer(name string) (int64, bool) {
	switch v := g.Value(name).(type) {
	case uint64:
		return int64(v), v <= math.MaxInt64
	case int64:
		return v, true
	}
	return 0, false
}

func (g *File) header() error {
	limit := min(g.size, maxHeader)
	r := &reader{r: bufio.NewReaderSize(io.NewSectionReader(g.file, 0, limit), int(min(limit, 1<<20))), left: limit}
	magic, version := r.uint32(), r.uint32()
	if r.err == nil && (magic != 0x46554747 || version != 3) {
		return fmt.Errorf("magic %08x, version %d: %w", magic, version, ErrFormat)
	}
	tensors, keys := r.uint64(), r.uint64()
	if r.err == nil && (tensors > maxTensors || keys > maxKeys) {
		return fmt.Errorf("%d tensors, %d keys: %w", tensors, keys, ErrFormat)
	}
	for i := uint64(0); i < keys && r.err == nil; i++ {
		g.key(r)
	}
	if err := g.align(); err != nil {
		return err
	}
	for i := uint64(0); i < tensors && r.err == nil; i++ {
		g.tensor(r)
	}
	if r.err != nil {
		return r.err
	}
	g.data = int64(pad(uint64(limit-r.left), g.alignment))
	return g.layout()
}

// pad is the next multiple.
func pad(n, alignment uint64) uint64 { return (n + alignment - 1) / alignment * alignment }

func (g *File) key(r *reader) {
	k := Key{Name: r.string(maxKey)}
	r.record = []byte{}
	k.Value = r.value(kind(r.uint32()), true)
	k.raw, r.record = r.record, nil
	if _, twice := g.byName[k.Name]; twice && r.err == nil {
		r.err = fmt.Errorf("key %q is there twice: %w", k.Name, ErrFormat)
	}
	g.byName[k.Name] = len(g.Keys)
	g.Keys = append(g.Keys, k)
}

func (g *File) align() error {
	if v, ok := g.Value("general.alignment").(uint64); ok {
		if v < 8 || v > 1<<20 || v&(v-1) != 0 {
			return fmt.Errorf("alignment %d: %w", v, ErrFormat)
		}
		g.alignment = v
	}
	return nil
}

func (g *File) tensor(r *reader) {
	t := Tensor{Name: r.string(maxName)}
	dims := r.uint32()
	if r.err == nil && (dims == 0 || dims > maxDims) {
		r.err = fmt.Errorf("tensor %q has %d dimensions: %w", t.Name, dims, ErrFormat)
	}
	t.elements = 1
	for i := uint32(0); i < dims && r.err == nil; i++ {
		d := r.uint64()
		if d == 0 || d > math.MaxInt64/t.elements/8 {
			r.err = errors.Join(r.err, fmt.Errorf("tensor %q has a dimension of %d: %w", t.Name, d, ErrFormat))
			return
		}
		t.elements *= d
		t.Dims = append(t.Dims, d)
	}
	t.Type, t.Offset = Type(r.uint32()), r.uint64()
	if r.err != nil {
		return
	}
	l, ok := t.Type.layout()
	if !ok || t.Dims[0]%l.elements != 0 {
		r.err = fmt.Errorf("tensor %q of %v with rows of %d: %w", t.Name, t.Type, t.Dims[0], ErrFormat)
		return
	}
	t.bytes = t.elements / l.elements * l.bytes
	g.Tensors = append(g.Tensors, t)
}

// layout checks that every tensor is aligned, within the file, and not over another.
func (g *File) layout() error {
	names := make(map[string]bool, len(g.Tensors))
	var end uint64 // tensors are stored in the order of the list
	for _, t := range g.Tensors {
		if names[t.Name] {
			return fmt.Errorf("tensor %q is there twice: %w", t.Name, ErrFormat)
		}
		names[t.Name] = true
		room := uint64(max(g.size-g.data, 0))
		if t.Offset%g.alignment != 0 || t.Offset < end || t.Offset > room || t.bytes > room-t.Offset {
			return fmt.Errorf("tensor %q: %d bytes at %d, data of %d bytes, alignment %d: %w", t.Name, t.bytes, t.Offset, room, g.alignment, ErrFormat)
		}
		end = t.Offset + t.bytes
	}
	return nil
}

// reader keeps the first error, so that callers check once. It allocates no more than is left of the file.
type reader struct {
	r      *bufio.Reader
	left   int64
	record []byte // copy of what is read, when it is not nil
	err    error
}

func (r *reader) bytes(n uint64) []byte {
	if r.err == nil && n > uint64(r.left) {
		r.err = fmt.Errorf("%d bytes where %d are left: %w", n, r.left, ErrFormat)
	}
	if r.err != nil {
		return make([]byte, 8) // enough for any number
	}
	b := make([]byte, n)
	_, r.err = io.ReadFull(r.r, b)
	r.left -= int64(n)
	if r.record != nil {
		r.record = append(r.record, b...)
	}
	return b
}

func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.bytes(4)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }

func (r *reader) string(limit uint64) string {
	n := r.uint64()
	if n > limit && r.err == nil {
		r.err = fmt.Errorf("a string of %d bytes: %w", n, ErrFormat)
	}
	return string(r.bytes(n))
}

// value reads one value. Arrays of arrays are not in use and refused.
func (r *reader) value(k kind, arrays bool) any {
	switch {
	case k == kindString:
		return r.string(math.MaxInt64)
	case k.width() > 0:
		return number(k, r.bytes(uint64(k.width())))
	case k == kindArray && arrays:
		return r.array(kind(r.uint32()), r.uint64())
	case r.err == nil:
		r.err = fmt.Errorf("a value of kind %d: %w", k, ErrFormat)
	}
	return nil
}

func (r *reader) array(k kind, n uint64) any {
	switch k {
	case kindString:
		return list(r, k, n, 8, func(v any) string { s, _ := v.(string); return s })
	case kindFloat32, kindFloat64:
		return list(r, k, n, k.width(), func(v any) float64 { f, _ := v.(float64); return f })
	case kindBool:
		return list(r, k, n, 1, func(v any) bool { b, _ := v.(bool); return b })
	case kindInt8, kindInt16, kindInt32, kindInt64:
		return list(r, k, n, k.width(), func(v any) int64 { i, _ := v.(int64); return i })
	case kindUint8, kindUint16, kindUint32, kindUint64:
		return list(r, k, n, k.width(), func(v any) uint64 { u, _ := v.(uint64); return u })
	}
	r.err = errors.Join(r.err, fmt.Errorf("an array of kind %d: %w", k, ErrFormat))
	return nil
}

// list reads n values of at least width bytes each.
func list[T any](r *reader, k kind, n uint64, width int, as func(any) T) []T {
	if r.err == nil && (n > maxArray || n > uint64(r.left)/uint64(width)) {
		r.err = fmt.Errorf("an array of %d values in %d bytes: %w", n, r.left, ErrFormat)
	}
	if r.err != nil {
		return nil
	}
	out := make([]T, 0, n)
	for i := uint64(0); i < n && r.err == nil; i++ {
		out = append(out, as(r.value(k, false)))
	}
	return out
}

func number(k kind, b []byte) any {
	le := binary.LittleEndian
	switch k {
	case kindUint8:
		return uint64(b[0])
	case kindInt8:
		return int64(int8(b[0]))
	case kindBool:
		return b[0] != 0
	case kindUint16:
		return uint64(le.Uint16(b))
	case kindInt16:
		return int64(int16(le.Uint16(b)))
	case kindUint32:
		return uint64(le.Uint32(b))
	case kindInt32:
		return int64(int32(le.Uint32(b)))
	case kindFloat32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case kindUint64:
		return le.Uint64(b)
	case kindInt64:
		return int64(le.Uint64(b))
	default:
		return math.Float64frombits(le.Uint64(b))
	}
}
