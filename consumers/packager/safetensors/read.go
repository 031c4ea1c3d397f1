package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var (
	// ErrFormat is a file that is not safetensors, or that is cut off.
	ErrFormat = errors.New("not a safetensors file")
	// ErrType is a type of element that cannot be computed with.
	ErrType = errors.New("unsupported element type")
)

// maxHeader is the limit of the reference implementation.
const maxHeader = 100 << 20

// Tensor is one tensor of a Set. It may be read from several goroutines.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int64

	file   io.ReaderAt
	offset int64
	size   int64
}

// Elements is the product of the shape.
func (t Tensor) Elements() int64 { return t.size / size(t.Type) }

// Bytes is the stored size.
func (t Tensor) Bytes() int64 { return t.size }

// Raw reads the stored bytes.
func (t Tensor) Raw() *io.SectionReader { return io.NewSectionReader(t.file, t.offset, t.size) }

// Floats reads len(dst) elements from the element first on.
func (t Tensor) Floats(dst []float32, first int64) error {
	width := size(t.Type)
	if first < 0 || first+int64(len(dst)) > t.Elements() {
		return fmt.Errorf("reading elements %d to %d of %s, which has %d", first, first+int64(len(dst)), t.Name, t.Elements())
	}
	raw := make([]byte, int64(len(dst))*width)
	if _, err := t.file.ReadAt(raw, t.offset+first*width); err != nil {
		return fmt.Errorf("reading tensor %s: %w", t.Name, err)
	}
	return Decode(dst, raw, t.Type)
}

// Set is the tensors of one file or of one folder.
type Set struct {
	tensors []Tensor
	byName  map[string]int
	files   []*os.File
}

// Open reads the headers of a file, or of a folder's index and shards (model.safetensors.index.json, otherwise
// model.safetensors). An index and its shards have to agree on every tensor.
func Open(path string) (*Set, error) {
	files, index, err := locate(path)
	if err != nil {
		return nil, err
	}
	s := &Set{byName: map[string]int{}}
	for _, file := range files {
		if err := s.add(file, index); err != nil {
			return nil, errors.Join(fmt.Errorf("opening %s: %w", file, err), s.Close())
		}
	}
	if index != nil && len(index) != len(s.tensors) {
		return nil, errors.Join(fmt.Errorf("opening %s: the index names %d tensors, the shards have %d: %w", path, len(index), len(s.tensors), ErrFormat), s.Close())
	}
	slices.SortFunc(s.tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for i, t := range s.tensors {
		s.byName[t.Name] = i
	}
	return s, nil
}

// locate returns the files to read and, for a sharded folder, the tensor names with their file.
func locate(path string) ([]string, map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil, nil
	}
	raw, err := os.ReadFile(filepath.Join(path, "model.safetensors.index.json"))
	if errors.Is(err, os.ErrNotExist) {
		return []string{filepath.Join(path, "model.safetensors")}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, nil, fmt.Errorf("reading the index in %s: %w", path, err)
	}
	var files []string
	for _, name := range index.WeightMap {
		if name != filepath.Base(name) {
			return nil, nil, fmt.Errorf("reading the index in %s: shard %q is not a plain file name: %w", path, name, ErrFormat)
		}
		files = append(files, filepath.Join(path, name))
	}
	slices.Sort(files)
	return slices.Compact(files), index.WeightMap, nil
}

func (s *Set) add(path string, index map[string]string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	tensors, err := header(f)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if _, twice := s.byName[t.Name]; twice {
			return fmt.Errorf("tensor %s is there twice: %w", t.Name, ErrFormat)
		}
		if index != nil && index[t.Name] != filepath.Base(path) {
			return fmt.Errorf("tensor %s is not where the index says: %w", t.Name, ErrFormat)
		}
		s.byName[t.Name] = -1
		s.tensors = append(s.tensors, t)
	}
	return nil
}

// header reads and checks the list of tensors.
func header(f *os.File) ([]Tensor, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var prefix [8]byte
	if _, err := f.ReadAt(prefix[:], 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader || int64(length)+8 > info.Size() {
		return nil, fmt.Errorf("header of %d bytes in a file of %d: %w", length, info.Size(), ErrFormat)
	}
	raw := make([]byte, length)
	if _, err := f.ReadAt(raw, 8); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	delete(entries, "__metadata__")
	tensors := make([]Tensor, 0, len(entries))
	for name, entry := range entries {
		t, err := parse(name, entry, info.Size()-8-int64(length))
		if err != nil {
			return nil, err
		}
		t.file, t.offset = f, t.offset+8+int64(length)
		tensors = append(tensors, t)
	}
	return tensors, nil
}

// entry is one tensor in the header.
type entry struct {
	Type    Type     `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// parse checks an entry against the bytes that follow the header.
func parse(name string, raw json.RawMessage, data int64) (Tensor, error) {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return Tensor{}, fmt.Errorf("tensor %s: %w: %w", name, ErrFormat, err)
	}
	width := size(e.Type)
	if width == 0 {
		return Tensor{}, fmt.Errorf("tensor %s has type %q: %w", name, e.Type, ErrType)
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	elements, ok := product(e.Shape)
	if !ok || begin < 0 || end < begin || end > data || elements*width != end-begin {
		return Tensor{}, fmt.Errorf("tensor %s: shape %v, offsets %v, %d bytes of data: %w", name, e.Shape, e.Offsets, data, ErrFormat)
	}
	return Tensor{Name: name, Type: e.Type, Shape: e.Shape, offset: begin, size: end - begin}, nil
}

// product of a shape, unless it is negative or does not fit.
func product(shape []int64) (int64, bool) {
	n := int64(1)
	for _, dim := range shape {
		if dim < 0 || (dim > 0 && n > math.MaxInt64/16/dim) {
			return 0, false
		}
		n *= dim
	}
	return n, true
}

// Tensors are sorted by name.
func (s *Set) Tensors() []Tensor { return s.tensors }

// Tensor finds one by name.
func (s *Set) Tensor(name string) (Tensor, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return s.tensors[i], true
}

// Close closes the files.
func (s *Set) Close() error {
	var err error
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
