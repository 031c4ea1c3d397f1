package gguf

import (
	"io"
	"math"
)

// rope checks what an importer loses without a word: base frequency, rotated dimensions, Llama 3's scaling.
func (v *verifier) rope() {
	m := v.model
	dim := m.HeadDim
	if dim == 0 && m.Heads > 0 {
		dim = m.Hidden / m.Heads
	}
	name := v.arch + ".rope.dimension_count"
	if got, ok := v.Integer(name); (ok && got != dim) || (!ok && v.arch == "llama") {
		v.problem("%s is %d (there: %t), config says %d", name, got, ok, dim)
	}
	name = v.arch + ".rope.freq_base"
	// Readers take 10000 for a file without the key.
	if base, ok := v.Value(name).(float64); m.RopeTheta > 0 && !near(base, m.RopeTheta) && (ok || m.RopeTheta != 10000) {
		v.problem("%s is %v, config says %v", name, v.Value(name), m.RopeTheta)
	}
	freqs, ok := v.Tensor("rope_freqs.weight")
	if scaled := m.RopeScaling.Type == "llama3"; ok != scaled {
		v.problem("rope_freqs.weight is there: %t, the config scales rope as llama3: %t", ok, scaled)
	}
	if ok && m.RopeScaling.Type == "llama3" {
		v.frequencies(freqs, dim)
	}
}

// frequencies compares the scaling factors with those that the config gives.
func (v *verifier) frequencies(t Tensor, dim int64) {
	want := llama3Factors(v.model.RopeScaling, v.model.RopeTheta, dim)
	raw, err := io.ReadAll(v.Data(t))
	got := make([]float32, t.elements)
	if err != nil || t.Type != F32 || len(got) != len(want) || Decode(got, raw, F32) != nil {
		v.problem("rope_freqs.weight: %d elements of %v, %d of F32 are needed", t.elements, t.Type, len(want))
		return
	}
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-3*want[i] {
			v.problem("rope_freqs.weight[%d] is %v, the config gives %v", i, got[i], want[i])
			return
		}
	}
}

// llama3Factors are the divisors of Llama 3's scaling: short waves keep their frequency, long ones are slowed by the factor,
// those between move over.
func llama3Factors(s scaling, theta float64, dim int64) []float64 {
	var out []float64
	for i := int64(0); i < dim; i += 2 {
		wave := 2 * math.Pi * math.Pow(theta, float64(i)/float64(dim))
		switch {
		case wave < s.Original/s.High:
			out = append(out, 1)
		case wave > s.Original/s.Low:
			out = append(out, s.Factor)
		default:
			smooth := (s.Original/wave - s.Low) / (s.High - s.Low)
			out = append(out, 1/((1-smooth)/s.Factor+smooth))
		}
	}
	return out
}
