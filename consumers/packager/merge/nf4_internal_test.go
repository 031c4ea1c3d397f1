package merge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// TestRoundTripEqualsBitsandbytes compares with a weight that bitsandbytes quantized and restored.
func TestRoundTripEqualsBitsandbytes(t *testing.T) {
	t.Parallel()
	set, err := safetensors.Open("testdata/peft/nf4")
	require.NoError(t, err)
	defer set.Close()
	weight, _ := set.Tensor("weight")
	expected, _ := set.Tensor("expected")
	trip, err := newRoundTrip(weight)
	require.NoError(t, err)
	got, want := make([]float32, weight.Elements()), make([]float32, weight.Elements())
	require.NoError(t, weight.Floats(got, 0))
	require.NoError(t, expected.Floats(want, 0))
	// In two pieces, the second of which begins within a block.
	trip.apply(got[:100], 0, weight.Type)
	trip.apply(got[100:], 100, weight.Type)
	require.Equal(t, want, got)
}
