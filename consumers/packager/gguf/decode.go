package gguf

import (
	"encoding/binary"
	"fmt"

	"github.com/x448/float16"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// Decode turns stored elements into floats. dst has one element for each in src, a multiple of the type's block.
func Decode(dst []float32, src []byte, t Type) error {
	switch t {
	case F32:
		return safetensors.Decode(dst, src, safetensors.F32)
	case F16:
		return safetensors.Decode(dst, src, safetensors.F16)
	case BF16:
		return safetensors.Decode(dst, src, safetensors.BF16)
	}
	l, _ := t.layout()
	var block func(dst []float32, src []byte)
	switch t {
	case Q8_0:
		block = decodeQ8
	case Q4_0:
		block = decodeQ4
	case Q5_0:
		block = decodeQ5
	case Q4K:
		block = decodeQ4K
	case Q5K:
		block = decodeQ5K
	case Q6K:
		block = decodeQ6K
	default:
		return fmt.Errorf("decoding %v: %w", t, ErrFormat)
	}
	for len(dst) > 0 {
		block(dst[:l.elements], src[:l.bytes])
		dst, src = dst[l.elements:], src[l.bytes:]
	}
	return nil
}

func half(src []byte) float32 { return float16.Frombits(binary.LittleEndian.Uint16(src)).Float32() }

func decodeQ8(dst []float32, src []byte) {
	d := half(src)
	for i := range dst {
		dst[i] = d * float32(int8(src[2+i]))
	}
}

// decodeQ4 has the low halves of 16 bytes first, then the high ones.
func decodeQ4(dst []float32, src []byte) {
	d := half(src)
	for i, b := range src[2:] {
		dst[i], dst[i+16] = d*float32(int(b&15)-8), d*float32(int(b>>4)-8)
	}
}

// decodeQ5 is decodeQ4 with a fifth bit for each element in front.
func decodeQ5(dst []float32, src []byte) {
	d, high := half(src), binary.LittleEndian.Uint32(src[2:])
	for i, b := range src[6:] {
		low := int(b&15) | int(high>>i&1)<<4
		up := int(b>>4) | int(high>>(i+16)&1)<<4
		dst[i], dst[i+16] = d*float32(low-16), d*float32(up-16)
	}
}

// scaleMin unpacks the 6-bit scale and minimum of the j-th of eight sub-blocks from 12 bytes.
func scaleMin(j int, q []byte) (scale, minimum float32) {
	if j < 4 {
		return float32(q[j] & 63), float32(q[j+4] & 63)
	}
	return float32(q[j+4]&15 | q[j-4]>>6<<4), float32(q[j+4]>>4 | q[j]>>6<<4)
}

// decodeQ4K: two half-precision scales, 12 bytes of sub-scales, 4 bits an element.
func decodeQ4K(dst []float32, src []byte) {
	d, dmin := half(src), half(src[2:])
	for j := range 8 {
		scale, minimum := scaleMin(j, src[4:16])
		for i := range 32 {
			q := src[16+j/2*32+i] >> (j % 2 * 4) & 15
			dst[j*32+i] = d*scale*float32(q) - dmin*minimum
		}
	}
}

// decodeQ5K is decodeQ4K with 32 bytes of fifth bits before the rest.
func decodeQ5K(dst []float32, src []byte) {
	d, dmin := half(src), half(src[2:])
	for j := range 8 {
		scale, minimum := scaleMin(j, src[4:16])
		for i := range 32 {
			q := src[48+j/2*32+i]>>(j%2*4)&15 | src[16+i]>>j&1<<4
			dst[j*32+i] = d*scale*float32(q) - dmin*minimum
		}
	}
}

// decodeQ6K: 128 bytes of low bits, 64 of high bits, 16 scales, one half-precision scale.
func decodeQ6K(dst []float32, src []byte) {
	d := half(src[208:])
	for i := range dst {
		part, at := i/128, i%128
		low := src[part*64+at%64] >> (at / 64 * 4) & 15
		high := src[128+part*32+at%32] >> (at / 32 * 2) & 3
		dst[i] = d * float32(int8(src[192+i/16])) * float32(int(low|high<<4)-32)
	}
}
