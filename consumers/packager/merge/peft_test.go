package merge_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/safetensors"
)

var cases = []string{"lora", "rslora", "dora", "patterns", "embedding", "saved"}

// TestMergedWeightsEqualPEFT compares with vectors that PEFT made in float32: only the rounding to bf16 may differ.
func TestMergedWeightsEqualPEFT(t *testing.T) {
	t.Parallel()
	for _, name := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.LessOrEqual(t, mergeAndCompare(t, "testdata/peft", name), 1.0/256)
		})
	}
}

// TestMergedWeightsEqualPEFTInBF16 has PEFT merge a larger model in bf16, the type that a trainer's base is in.
// PEFT then rounds the product and the norm to 8 bits on the way, which this package does not.
func TestMergedWeightsEqualPEFTInBF16(t *testing.T) {
	t.Parallel()
	folder := vectors(t, "--hidden", "128", "--vocab", "512", "--dtype", "bfloat16")
	for _, name := range cases {
		require.LessOrEqual(t, mergeAndCompare(t, folder, name), 4.0/256, name)
	}
}

// mergeAndCompare returns the largest difference, relative to the largest weight of its tensor's row.
func mergeAndCompare(t *testing.T, folder, name string) float64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "merged")
	result, err := merge.Merge(t.Context(), merge.Options{Base: filepath.Join(folder, "base"), Adapter: filepath.Join(folder, name), Out: out})
	require.NoError(t, err)
	require.Equal(t, name == "dora", result.Method == "dora")
	got, err := safetensors.Open(out)
	require.NoError(t, err)
	defer got.Close()
	want, err := safetensors.Open(filepath.Join(folder, name, "expected.safetensors"))
	require.NoError(t, err)
	defer want.Close()
	require.Len(t, got.Tensors(), len(want.Tensors()))
	var worst float64
	for _, w := range want.Tensors() {
		g, ok := got.Tensor(w.Name)
		require.True(t, ok, w.Name)
		require.Equal(t, w.Shape, g.Shape)
		require.Equal(t, safetensors.BF16, g.Type)
		worst = max(worst, difference(all(t, g), all(t, w), int(w.Shape[len(w.Shape)-1])))
	}
	return worst
}

func difference(got, want []float32, columns int) float64 {
	var worst float64
	for first := 0; first < len(want); first += columns {
		var largest, apart float64
		for i := first; i < first+columns; i++ {
			largest = max(largest, math.Abs(float64(want[i])))
			apart = max(apart, math.Abs(float64(want[i]-got[i])))
		}
		if largest > 0 {
			worst = max(worst, apart/largest)
		}
	}
	return worst
}

func all(t *testing.T, tensor safetensors.Tensor) []float32 {
	t.Helper()
	values := make([]float32, tensor.Elements())
	require.NoError(t, tensor.Floats(values, 0))
	return values
}

// vectors runs the script that made testdata/peft, in the trainer's environment.
func vectors(t *testing.T, args ...string) string {
	t.Helper()
	python := filepath.Join(os.Getenv("RAGLINE_TRAINER_ENV"), "bin", "python")
	if os.Getenv("RAGLINE_TRAINER_ENV") == "" {
		cache, err := os.UserCacheDir()
		require.NoError(t, err)
		found, _ := filepath.Glob(filepath.Join(cache, "ragline", "trainer-*", "bin", "python"))
		if len(found) == 0 {
			t.Skip("needs the trainer's environment: make trainer-env")
		}
		python = found[len(found)-1]
	}
	folder := t.TempDir()
	cmd := exec.CommandContext(t.Context(), python, append([]string{"testdata/vectors.py", folder}, args...)...)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return folder
}
