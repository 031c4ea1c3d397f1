package merge

import (
	"math"
	"slices"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

const (
	nf4Block    = 64  // weights that share a scale
	absmaxBlock = 256 // scales that share a scale
)

// nf4Values are the sixteen quantiles of a normal distribution that NF4 stores.
var nf4Values = [16]float32{
	-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
	-0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
	0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
}

// roundTrip holds the scales that a weight would have in NF4 with double quantization.
type roundTrip struct {
	absmax   []float32 // exact, to quantize by
	restored []float32 // through 8 bits, to dequantize by
}

// newRoundTrip reads a tensor once for its scales. Blocks run on over the ends of rows.
func newRoundTrip(t safetensors.Tensor) (*roundTrip, error) {
	n := t.Elements()
	r := &roundTrip{absmax: make([]float32, (n+nf4Block-1)/nf4Block)}
	for first := int64(0); first < n; first += blockElements {
		values := make([]float32, min(blockElements, n-first))
		if err := t.Floats(values, first); err != nil {
			return nil, err
		}
		for i, v := range values {
			at := (first + int64(i)) / nf4Block
			r.absmax[at] = max(r.absmax[at], float32(math.Abs(float64(v))))
		}
	}
	r.restored = throughBytes(r.absmax)
	return r, nil
}

// throughBytes quantizes the scales, less their mean, to a map of 256 values and back.
func throughBytes(absmax []float32) []float32 {
	var sum float64
	for _, v := range absmax {
		sum += float64(v)
	}
	mean := float32(sum / float64(len(absmax)))
	codes, out := dynamicMap(), make([]float32, len(absmax))
	for first := 0; first < len(absmax); first += absmaxBlock {
		end := min(first+absmaxBlock, len(absmax))
		var scale float32
		for _, v := range absmax[first:end] {
			scale = max(scale, float32(math.Abs(float64(v-mean))))
		}
		for i, v := range absmax[first:end] {
			out[first+i] = mean
			if scale > 0 {
				out[first+i] += nearest(codes, (v-mean)/scale) * scale
			}
		}
	}
	return out
}

// dynamicMap is the signed 8-bit map of bitsandbytes: seven decades, each with twice the values of the one below.
func dynamicMap() []float32 {
	codes := []float32{0, 1}
	for i := range 7 {
		items := 1 << i
		for j := range items {
			low, high := 0.1+0.9*float64(j)/float64(items), 0.1+0.9*float64(j+1)/float64(items)
			v := float32(math.Pow(10, float64(i-6)) * (low + high) / 2)
			codes = append(codes, v, -v)
		}
	}
	slices.Sort(codes)
	return codes
}

// nearest value of a sorted list.
func nearest(sorted []float32, v float32) float32 {
	at, _ := slices.BinarySearch(sorted, v)
	switch {
	case at == 0:
		return sorted[0]
	case at == len(sorted) || v-sorted[at-1] <= sorted[at]-v:
		return sorted[at-1]
	default:
		return sorted[at]
	}
}

// nearestNF4 is nearest for nf4Values, in four comparisons with the middle of two neighbors.
func nearestNF4(v float32) float32 {
	at := 0
	for step := 8; step > 0; step /= 2 {
		if low := at + step; v-nf4Values[low-1] > nf4Values[low]-v {
			at = low
		}
	}
	return nf4Values[at]
}

// apply replaces elements by what NF4 keeps of them. first is the place of values[0] in the tensor.
func (r *roundTrip) apply(values []float32, first int64, stored safetensors.Type) {
	for i, v := range values {
		at := (first + int64(i)) / nf4Block
		if r.absmax[at] == 0 {
			values[i] = 0
			continue
		}
		values[i] = nearestNF4(v/r.absmax[at]) * r.restored[at]
		if stored == safetensors.BF16 { // dequantized into the type that the base was loaded in
			values[i] = math.Float32frombits(uint32(safetensors.RoundBF16(values[i])) << 16)
		}
	}
}
