package gguf

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOpen holds that no file makes the reader panic, and that what it accepts can be read to the end.
func FuzzOpen(f *testing.F) {
	file := small(f)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Fuzz(func(t *testing.T, raw []byte) {
		g, err := read(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		v := &verifier{File: g, model: &model{}, arch: g.Architecture()}
		v.tensors(FileQ4KM)
		v.keys()
		v.rope()
		v.vocabulary()
		require.NoError(t, v.finite(t.Context()))
	})
}

// TestEveryCutAndEveryFlippedByteIsSurvived walks over a small file.
func TestEveryCutAndEveryFlippedByteIsSurvived(t *testing.T) {
	t.Parallel()
	file := small(t)
	for i := range file {
		_, err := read(bytes.NewReader(file[:i]), int64(i))
		require.Error(t, err, "cut at %d", i)
		flipped := bytes.Clone(file)
		flipped[i] ^= 0xff
		_, _ = read(bytes.NewReader(flipped), int64(len(flipped)))
	}
}

// TestHostileLengthsAllocateLittle is not parallel, because it counts what the process allocates. Each length of the header claims the most that its field can hold.
func TestHostileLengthsAllocateLittle(t *testing.T) {
	file := small(t)
	for i := 0; i+8 <= len(file); i++ {
		hostile := bytes.Clone(file)
		for j := range 7 {
			hostile[i+j] = 0xff
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = read(bytes.NewReader(hostile), int64(len(hostile)))
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		require.Less(t, allocated, uint64(8<<20), "at %d", i)
	}
}

// small is a file with a key of each kind and two tensors.
func small(t testing.TB) []byte {
	t.Helper()
	var keys []Key
	for name, value := range map[string]any{
		"general.architecture": "llama", "b": true, "u": uint32(7), "i": int32(-7), "f": float32(0.5), "tokenizer.ggml.tokens": []string{"a", "b"},
	} {
		k, err := Encode(name, value)
		require.NoError(t, err)
		keys = append(keys, k)
	}
	tensors := []Tensor{{Name: "token_embd.weight", Dims: []uint64{32, 2}, Type: Q8_0}, {Name: "output_norm.weight", Dims: []uint64{4}, Type: F32, Offset: 96}}
	head := encodeHeader(keys, tensors)
	return append(head, make([]byte, pad(uint64(len(head)), 32)-uint64(len(head))+96+16)...)
}
