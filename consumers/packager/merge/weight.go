package merge

import (
	"fmt"
	"math"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// weight computes blocks of rows of one merged tensor. It is read by several goroutines.
type weight struct {
	source    safetensors.Tensor
	columns   int64     // elements of a row; the whole tensor is rows of them
	a         []float32 // rank x columns
	b         []float32 // rows x rank
	magnitude []float32 // of each row; nil for LoRA
	rank      int
	scale     float32
	nf4       *roundTrip // nil to take the base as it is
}

// newWeight reads what the update needs. u is nil for a tensor that the adapter leaves alone.
func newWeight(base safetensors.Tensor, u *update, from Base) (*weight, error) {
	w := &weight{source: base, columns: 1}
	if n := len(base.Shape); n > 0 {
		w.columns = max(base.Shape[n-1], 1)
	}
	if u == nil {
		return w, nil
	}
	if u.replace != nil {
		w.source = *u.replace
		return w, nil
	}
	var err error
	if w.a, err = floats(*u.a); err != nil {
		return nil, err
	}
	if w.b, err = floats(*u.b); err != nil {
		return nil, err
	}
	w.rank, w.scale = u.rank, float32(u.scale)
	if u.embedding {
		w.a, w.b = transpose(w.b, u.rank), transpose(w.a, int(base.Shape[0]))
	}
	if u.magnitude != nil {
		if w.magnitude, err = floats(*u.magnitude); err != nil {
			return nil, err
		}
	}
	if from == NF4RoundTrip && !u.embedding {
		w.nf4, err = newRoundTrip(base)
	}
	return w, err
}

// transpose of a matrix with rows of the given length.
func transpose(m []float32, columns int) []float32 {
	rows := len(m) / columns
	out := make([]float32, len(m))
	for i := range rows {
		for j := range columns {
			out[j*rows+i] = m[i*columns+j]
		}
	}
	return out
}

// floats reads a whole tensor of the adapter.
func floats(t safetensors.Tensor) ([]float32, error) {
	out := make([]float32, t.Elements())
	if err := t.Floats(out, 0); err != nil {
		return nil, err
	}
	return out, finite(t.Name, out)
}

// rows returns count merged rows from the row first on, in bf16.
func (w *weight) rows(first, count int64) ([]byte, error) {
	block := make([]float32, count*w.columns)
	if err := w.source.Floats(block, first*w.columns); err != nil {
		return nil, err
	}
	// Before the update, so that the message names the one who brought it.
	if err := finite(w.source.Name, block); err != nil {
		return nil, err
	}
	if w.nf4 != nil {
		w.nf4.apply(block, first*w.columns, w.source.Type)
	}
	if w.rank > 0 {
		delta := make([]float32, w.columns)
		for i := range count {
			w.update(block[i*w.columns:(i+1)*w.columns], delta, first+i)
		}
	}
	out := make([]byte, 2*len(block))
	safetensors.EncodeBF16(out, block)
	return out, finiteBF16(w.source.Name, out)
}

// update adds the scaled product to one row, and gives the row its length for DoRA.
func (w *weight) update(row, delta []float32, index int64) {
	clear(delta)
	rank := int64(w.rank)
	b := w.b[index*rank : (index+1)*rank]
	k := int64(0)
	for ; k+4 <= rank; k += 4 { // four at once: the row is loaded and stored a quarter as often
		add4(delta, b[k:k+4], w.a[k*w.columns:(k+4)*w.columns])
	}
	for ; k < rank; k++ {
		for j, a := range w.a[k*w.columns : (k+1)*w.columns] {
			delta[j] += b[k] * a
		}
	}
	var square float64
	for j, d := range delta {
		row[j] += w.scale * d
		square += float64(row[j]) * float64(row[j])
	}
	if w.magnitude != nil {
		factor := w.magnitude[index] / float32(math.Sqrt(square))
		for j := range row {
			row[j] *= factor
		}
	}
}

func add4(delta, b, a []float32) {
	n := len(delta)
	a0, a1, a2, a3 := a[:n], a[n:2*n], a[2*n:3*n], a[3*n:4*n]
	b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
	for j := range delta {
		delta[j] += b0*a0[j] + b1*a1[j] + b2*a2[j] + b3*a3[j]
	}
}

func finite(name string, values []float32) error {
	for _, v := range values {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return fmt.Errorf("tensor %s: %w", name, ErrNotFinite)
		}
	}
	return nil
}

// finiteBF16 checks what is written: rounding can carry a large value to infinity, and a zero row of DoRA has no length.
func finiteBF16(name string, raw []byte) error {
	for i := 1; i < len(raw); i += 2 {
		if raw[i]&0x7f == 0x7f && raw[i-1]&0x80 != 0 {
			return fmt.Errorf("merged tensor %s: %w", name, ErrNotFinite)
		}
	}
	return nil
}
