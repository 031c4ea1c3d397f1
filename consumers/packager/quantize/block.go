package quantize

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/x448/float16"

	"github.com/ragline/ragline/consumers/packager/gguf"
)

// block is how many weights share a scale, in both types that are made here.
const block = 32

// inProcess rewrites the file with other types.
func inProcess(ctx context.Context, opts Options) error {
	g, err := gguf.Open(opts.In)
	if err != nil {
		return err
	}
	_, untied := g.Tensor("output.weight")
	if err := g.Close(); err != nil {
		return err
	}
	var keys []gguf.Key
	for name, value := range map[string]uint32{"general.file_type": uint32(opts.Type.FileType()), "general.quantization_version": 2} {
		k, err := gguf.Encode(name, value)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	return gguf.Rewrite(ctx, opts.In, opts.Out, keys, func(t gguf.Tensor) (gguf.Type, gguf.EncodeFunc) {
		head := t.Name == "output.weight" || (!untied && t.Name == "token_embd.weight")
		return choose(opts.Type, t, head)
	})
}

// choose leaves what is in full precision on purpose, and rows that no block divides go to f16, as in llama-quantize.
// The head stays at 8 bits: it decides between all tokens.
func choose(to Type, t gguf.Tensor, head bool) (gguf.Type, gguf.EncodeFunc) {
	switch {
	case t.Type == gguf.F32:
		return t.Type, nil
	case to == F16 || t.Dims[0]%block != 0:
		if t.Type == gguf.F16 {
			return t.Type, nil
		}
		return gguf.F16, gguf.EncodeF16
	case to == Q8_0 || head:
		return gguf.Q8_0, encodeQ8
	default:
		return gguf.Q4_0, encodeQ4
	}
}

// encodeQ8: the largest magnitude of a block becomes 127.
func encodeQ8(dst []byte, src []float32) {
	for ; len(src) > 0; src, dst = src[block:], dst[block+2:] {
		var largest float32
		for _, v := range src[:block] {
			largest = max(largest, float32(math.Abs(float64(v))))
		}
		inverse := scale(dst, largest/127)
		for i, v := range src[:block] {
			dst[2+i] = byte(int8(math.Round(float64(v * inverse))))
		}
	}
}

// encodeQ4: the value of largest magnitude, with its sign, becomes -8. Sixteen bytes hold the first half of the
// block in their low bits and the second half in their high bits.
func encodeQ4(dst []byte, src []float32) {
	for ; len(src) > 0; src, dst = src[block:], dst[block/2+2:] {
		var largest float32
		for _, v := range src[:block] {
			if math.Abs(float64(v)) > math.Abs(float64(largest)) {
				largest = v
			}
		}
		inverse := scale(dst, largest/-8)
		for i := range block / 2 {
			dst[2+i] = nibble(src[i]*inverse) | nibble(src[i+block/2]*inverse)<<4
		}
	}
}

func nibble(v float32) byte { return byte(min(15, int8(v+8.5))) }

// scale stores a scale and returns its inverse, zero for a block of zeros.
func scale(dst []byte, d float32) float32 {
	binary.LittleEndian.PutUint16(dst, float16.Fromfloat32(d).Bits())
	if d == 0 {
		return 0
	}
	return 1 / d
}
