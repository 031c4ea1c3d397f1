package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Type is how elements are stored, as the header names it.
type Type string

// The types whose elements Floats and Encode know.
const (
	F64  Type = "F64"
	F32  Type = "F32"
	F16  Type = "F16"
	BF16 Type = "BF16"
)

// size of an element in bytes; 0 for a type that is refused.
func size(t Type) int64 {
	switch t {
	case F64, "I64", "U64":
		return 8
	case F32, "I32", "U32":
		return 4
	case F16, BF16, "I16", "U16":
		return 2
	case "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2":
		return 1
	default:
		return 0
	}
}

// Decode turns stored elements into floats. dst has one element for each in src.
func Decode(dst []float32, src []byte, t Type) error {
	le := binary.LittleEndian
	switch t {
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
		}
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = float16.Frombits(le.Uint16(src[2*i:])).Float32()
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(le.Uint16(src[2*i:])) << 16)
		}
	default:
		return fmt.Errorf("decoding %s: %w", t, ErrType)
	}
	return nil
}

// EncodeBF16 rounds floats to bf16, to the nearest and to even, as PyTorch does.
func EncodeBF16(dst []byte, src []float32) {
	for i, f := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], RoundBF16(f))
	}
}

// RoundBF16 is the bf16 nearest to f, ties to even. Not-a-number stays so.
func RoundBF16(f float32) uint16 {
	bits := math.Float32bits(f)
	if f != f {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
