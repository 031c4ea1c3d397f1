package trainer

import (
	"fmt"
	"strings"
	"time"
)

const (
	gib = 1 << 30

	// bf16 has 2 bytes, fp32 4; a CPU trains in fp32 here.
	bf16Bytes, fp32Bytes = 2, 4
	// NF4 has 4 bits, and with double quantization 8 bits of scale for 64 weights, plus 32 for 256 of these:
	// 4 + 8/64 + 32/(64*256) = 4.127 bits (QLoRA paper, section 3).
	nf4Bytes = 4.127 / 8
	// An adapter on a bf16 base is fp32 (PEFT casts it): weight, gradient, two moments of AdamW.
	adapterBytes = 4 * fp32Bytes
	// An adapter on a 4-bit base is bf16 (TRL casts it) with two 8-bit moments of paged AdamW.
	adapterBytes4Bit = 2*bf16Bytes + 2
	// DoRA over LoRA: 24.5 GB against 22.3 GB, PEFT's benchmark of Llama-3.2-3B at rank 32 on an L40S.
	decomposedFactor = 24.5 / 22.3
	// DoRA's step over LoRA's: 1191 s against 942 s, same benchmark.
	decomposedTime = 1191.0 / 942
	// 4-bit weights are dequantized for each product: 3083 against 2413 tokens/s, torchtune's 8B on a 4090.
	quantizedTime = 3083.0 / 2413
	// With gradient checkpointing a step is two forward passes (2 each) and the backward of the activations (2):
	// 6 operations a weight and token. Weights that do not train have no gradient.
	operations = 6
	// Share of the device's peak that is reached: torchtune's LoRA of 3B makes 8210 tokens/s on an A100 of
	// 312 TFLOPS, which is 0.5 of it.
	utilization = 0.5
	// Bytes of text for one token: English with a vocabulary of 128k, rounded down.
	bytesPerToken = 3.5
	// A CPU core makes about this many operations a second in fp32 matrices. An assumption, not a measurement.
	cpuOperations = 2e10
)

// peaks are dense bf16 operations a second, from the makers' data sheets.
var peaks = []struct { //nolint:gochecknoglobals // a table
	name string
	peak float64
}{
	{"H200", 989e12}, {"H100", 989e12}, {"A100", 312e12}, {"L40S", 362e12}, {"4090", 165e12}, {"A10", 125e12}, {"L4", 121e12}, {"T4", 65e12},
}

// Device is what computes.
type Device struct {
	// Name is cpu, or the GPU's.
	Name string `json:"name"`
	// Memory in bytes. 0: unknown.
	Memory int64 `json:"memory_bytes"`
	Cores  int   `json:"cores,omitempty"`
	// CUDA says that it is a GPU.
	CUDA bool `json:"cuda"`
}

// Estimate is what a job will need on a device.
type Estimate struct {
	Method    Method `json:"method"`
	VRAM      int64  `json:"vram_bytes"`
	Weights   int64  `json:"weights_bytes"`
	Adapter   int64  `json:"adapter_bytes"`
	Rest      int64  `json:"activations_and_logits_bytes"`
	Seconds   int64  `json:"seconds"`
	Fits      bool   `json:"fits"`
	Trainable int64  `json:"trainable_parameters"`
}

// NewEstimate computes it from the base's shapes, before anything is loaded.
func NewEstimate(b Base, s Settings, data Corpus, d Device) Estimate {
	e := Estimate{Method: s.Method, Trainable: b.AdapterWeights * int64(s.Rank)}
	if s.Method.Decomposed() {
		e.Trainable += b.outputs // a magnitude for each output row
	}
	width, adapter := float64(bf16Bytes), float64(adapterBytes)
	if !d.CUDA {
		width = fp32Bytes
	}
	e.Weights = int64(width * float64(b.Linear+b.Other))
	if s.Method.Quantized() {
		e.Weights = int64(nf4Bytes*float64(b.Linear) + width*float64(b.Other))
		adapter = adapterBytes4Bit
	}
	e.Adapter = int64(adapter * float64(e.Trainable))
	e.Rest = activations(b, s, int64(width))
	total := float64(e.Weights + e.Adapter + e.Rest)
	if s.Method.Decomposed() {
		total *= decomposedFactor
	}
	e.VRAM = int64(total)
	e.Fits = d.Memory == 0 || e.VRAM <= d.Memory
	e.Seconds = int64(duration(b, s, data, d).Seconds())
	return e
}

// activations: the input of each layer is kept, one layer is computed again at a time with what its backward needs
// (about six times the hidden size for attention, four times the feed-forward size), and one fp32 copy of the logits:
// the loss is computed in chunks, and its gradient reuses them.
func activations(b Base, s Settings, width int64) int64 {
	tokens := int64(s.BatchSize) * int64(s.MaxLength)
	kept := tokens * b.Hidden * b.Layers * width
	layer := tokens * (6*b.Hidden + 4*b.FeedForward) * width
	dequantized := int64(0)
	if s.Method.Quantized() {
		dequantized = b.largestMatrix * width
	}
	return kept + layer + dequantized + tokens*b.Vocabulary*fp32Bytes
}

// Corpus is the training split: its rows and bytes.
type Corpus struct{ Rows, Bytes int64 }

func duration(b Base, s Settings, data Corpus, d Device) time.Duration {
	perRow := min(float64(data.Bytes)/bytesPerToken/float64(max(data.Rows, 1)), float64(s.MaxLength))
	rows := s.Epochs * float64(data.Rows)
	if s.MaxSteps > 0 {
		rows = min(rows, float64(s.MaxSteps*s.BatchSize*s.GradientAccumulation))
	}
	seconds := perRow * rows * operations * float64(b.Linear+b.Vocabulary*b.Hidden) / speed(d)
	if s.Method.Decomposed() {
		seconds *= decomposedTime
	}
	if s.Method.Quantized() {
		seconds *= quantizedTime
	}
	return time.Duration(seconds * float64(time.Second))
}

func speed(d Device) float64 {
	if !d.CUDA {
		return cpuOperations * float64(max(d.Cores, 1))
	}
	for _, p := range peaks {
		if strings.Contains(d.Name, p.name) {
			return utilization * p.peak
		}
	}
	return utilization * 100e12 // a GPU that is not in the table
}

// Estimates are those of all methods.
func Estimates(b Base, s Settings, data Corpus, d Device) []Estimate {
	all := make([]Estimate, 0, len(Methods()))
	for _, m := range Methods() {
		s.Method = m
		all = append(all, NewEstimate(b, s, data, d))
	}
	return all
}

// fit refuses a job that cannot fit, and says what would.
func fit(b Base, s Settings, data Corpus, d Device) (Estimate, error) {
	e := NewEstimate(b, s, data, d)
	if e.Fits {
		return e, nil
	}
	return e, fail(ReasonOutOfMemory, "%s needs about %s, %s has %s: %s", s.Method, GiB(e.VRAM), d.Name, GiB(d.Memory), Remedy(b, s, data, d))
}

// Remedy names the smallest change that fits.
func Remedy(b Base, s Settings, data Corpus, d Device) string {
	for _, m := range Methods() {
		try := s
		try.Method = m
		if e := NewEstimate(b, try, data, d); e.Fits && m.Quantized() && !s.Method.Quantized() {
			return fmt.Sprintf("%s needs about %s, set RAGLINE_TRAINER_METHOD=%s", m, GiB(e.VRAM), m)
		}
	}
	for _, try := range smaller(s) {
		if e := NewEstimate(b, try, data, d); e.Fits {
			return fmt.Sprintf("it needs about %s with RAGLINE_TRAINER_METHOD=%s, RAGLINE_TRAINER_BATCH_SIZE=%d, RAGLINE_TRAINER_GRADIENT_ACCUMULATION=%d and RAGLINE_TRAINER_MAX_LENGTH=%d",
				GiB(e.VRAM), try.Method, try.BatchSize, try.GradientAccumulation, try.MaxLength)
		}
	}
	return "no method and no batch makes this base model fit; take a smaller one, or a larger device"
}

// smaller lists settings that need less, the gentlest change first. A smaller batch accumulates more, so that a step
// sees as many rows.
func smaller(s Settings) []Settings {
	var all []Settings
	for _, length := range []int{s.MaxLength, s.MaxLength / 2, s.MaxLength / 4} {
		for _, m := range []Method{s.Method, MethodQLoRA} {
			try := s
			try.Method, try.BatchSize, try.MaxLength = m, 1, length
			try.GradientAccumulation = s.GradientAccumulation * s.BatchSize
			if length >= 256 {
				all = append(all, try)
			}
		}
	}
	return all
}

// GiB renders bytes.
func GiB(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/gib) }
