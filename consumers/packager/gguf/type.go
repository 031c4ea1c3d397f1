package gguf

import "fmt"

// Type is how a tensor is stored.
type Type uint32

// The types that appear in the files made here.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q5_0 Type = 6
	Q5_1 Type = 7
	Q8_0 Type = 8
	Q4K  Type = 12
	Q5K  Type = 13
	Q6K  Type = 14
	BF16 Type = 30
)

// layout of a type: bytes for a block of elements, and where its half-precision scales lie.
type layout struct {
	name            string
	bytes, elements uint64
	scales          []int
}

func (t Type) layout() (layout, bool) {
	switch t {
	case F32:
		return layout{"F32", 4, 1, nil}, true
	case F16:
		return layout{"F16", 2, 1, nil}, true
	case BF16:
		return layout{"BF16", 2, 1, nil}, true
	case Q4_0:
		return layout{"Q4_0", 18, 32, []int{0}}, true
	case 3:
		return layout{"Q4_1", 20, 32, []int{0, 2}}, true
	case Q5_0:
		return layout{"Q5_0", 22, 32, []int{0}}, true
	case Q5_1:
		return layout{"Q5_1", 24, 32, []int{0, 2}}, true
	case Q8_0:
		return layout{"Q8_0", 34, 32, []int{0}}, true
	case 10:
		return layout{"Q2_K", 84, 256, []int{80, 82}}, true
	case 11:
		return layout{"Q3_K", 110, 256, []int{108}}, true
	case Q4K:
		return layout{"Q4_K", 144, 256, []int{0, 2}}, true
	case Q5K:
		return layout{"Q5_K", 176, 256, []int{0, 2}}, true
	case Q6K:
		return layout{"Q6_K", 210, 256, []int{208}}, true
	default:
		return layout{}, false
	}
}

// String is the format's name.
func (t Type) String() string {
	if l, ok := t.layout(); ok {
		return l.name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// FileType is general.file_type: what most tensors of a file are.
type FileType uint32

// The file types that are made here.
const (
	FileF32  FileType = 0
	FileF16  FileType = 1
	FileQ4_0 FileType = 2
	FileQ8_0 FileType = 7
	FileQ4KM FileType = 15
	FileQ5KM FileType = 17
	FileQ6K  FileType = 18
	FileBF16 FileType = 32
)

// Main is the type that most weights of such a file have.
func (t FileType) Main() (Type, bool) {
	switch t {
	case FileF32:
		return F32, true
	case FileF16:
		return F16, true
	case FileBF16:
		return BF16, true
	case FileQ4_0:
		return Q4_0, true
	case FileQ8_0:
		return Q8_0, true
	case FileQ4KM:
		return Q4K, true
	case FileQ5KM:
		return Q5K, true
	case FileQ6K:
		return Q6K, true
	default:
		return 0, false
	}
}

// String is the usual name.
func (t FileType) String() string {
	switch t {
	case FileQ4KM:
		return "Q4_K_M"
	case FileQ5KM:
		return "Q5_K_M"
	default:
		if main, ok := t.Main(); ok {
			return main.String()
		}
		return fmt.Sprintf("file type %d", uint32(t))
	}
}
