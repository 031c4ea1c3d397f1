package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w, err := safetensors.NewWriter(&file, []safetensors.Info{
		{Name: "b", Type: safetensors.BF16, Shape: []int64{2, 2}}, {Name: "a", Type: "I64", Shape: []int64{1}}, {Name: "scalar", Type: safetensors.F32},
	})
	require.NoError(t, err)
	weights := make([]byte, 8)
	safetensors.EncodeBF16(weights, []float32{1, -2, 0.5, float32(math.Inf(1))})
	_, err = w.Write(weights)
	require.NoError(t, err)
	require.ErrorIs(t, w.Close(), safetensors.ErrFormat, "the second tensor is missing")
	_, err = w.Write(make([]byte, 12))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = w.Write([]byte{0})
	require.ErrorIs(t, err, safetensors.ErrFormat)

	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	set, err := safetensors.Open(filepath.Dir(path))
	require.NoError(t, err)
	defer set.Close()
	require.Len(t, set.Tensors(), 3)
	b, ok := set.Tensor("b")
	require.True(t, ok)
	require.Equal(t, []int64{2, 2}, b.Shape)
	values := make([]float32, 3)
	require.NoError(t, b.Floats(values, 1))
	require.Equal(t, []float32{-2, 0.5, float32(math.Inf(1))}, values)
	require.Error(t, b.Floats(values, 2), "beyond the end")
	a, _ := set.Tensor("a")
	require.ErrorIs(t, a.Floats(values[:1], 0), safetensors.ErrType)
	raw, err := io.ReadAll(a.Raw())
	require.NoError(t, err)
	require.Equal(t, make([]byte, 8), raw)
	_, ok = set.Tensor("c")
	require.False(t, ok)
}

func TestRoundingIsToTheNearestAndToEven(t *testing.T) {
	t.Parallel()
	for bits, want := range map[uint32]uint16{
		0x3f800000: 0x3f80, 0x3f808000: 0x3f80, 0x3f808001: 0x3f81, 0x3f818000: 0x3f82, 0xbf808001: 0xbf81,
		0x7f800000: 0x7f80, 0x7f7fffff: 0x7f80, 0x7f800001: 0x7fc0, 0xffffffff: 0xffff, 0: 0,
	} {
		require.Equal(t, want, safetensors.RoundBF16(math.Float32frombits(bits)), "%08x", bits)
	}
}

func TestFileThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"no json":              `{`,
		"beyond the end":       `{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`,
		"size of another type": `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`,
		"negative":             `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}`,
		"overflow":             `{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`,
		"backwards":            `{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,0]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, t.TempDir(), "a.safetensors", header, 8)
			_, err := safetensors.Open(path)
			require.ErrorIs(t, err, safetensors.ErrFormat)
		})
	}
	path := file(t, t.TempDir(), "a.safetensors", `{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,8]}}`, 8)
	_, err := safetensors.Open(path)
	require.ErrorIs(t, err, safetensors.ErrType)
	require.NoError(t, os.WriteFile(path, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0}, 0o600))
	_, err = safetensors.Open(path)
	require.ErrorIs(t, err, safetensors.ErrFormat)
}

func TestIndexAndShardsHaveToAgree(t *testing.T) {
	t.Parallel()
	for index, sound := range map[string]bool{
		`{"a":"1.safetensors","b":"2.safetensors"}`:                     true,
		`{"a":"2.safetensors","b":"1.safetensors"}`:                     false,
		`{"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"}`: false,
		`{"a":"1.safetensors"}`:                                         true,
		`{"a":"../1.safetensors"}`:                                      false,
	} {
		folder := t.TempDir()
		file(t, folder, "1.safetensors", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)
		file(t, folder, "2.safetensors", `{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "model.safetensors.index.json"), fmt.Appendf(nil, `{"weight_map":%s}`, index), 0o600))
		set, err := safetensors.Open(folder)
		if !sound {
			require.ErrorIs(t, err, safetensors.ErrFormat, index)
			continue
		}
		require.NoError(t, err, index)
		require.NoError(t, set.Close())
	}
}

// file writes a header and zeros.
func file(t *testing.T, folder, name, header string, data int) string {
	t.Helper()
	raw := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	path := filepath.Join(folder, name)
	require.NoError(t, os.WriteFile(path, append(raw, make([]byte, data)...), 0o600))
	return path
}
