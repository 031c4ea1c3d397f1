package merge_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// BenchmarkMerge merges two layers of the size of a 3B model: 197 million weights, 0.39 GB.
func BenchmarkMerge(b *testing.B) {
	for _, c := range []struct {
		name string
		rank int64
		dora bool
		from merge.Base
	}{
		{"lora/rank=16", 16, false, merge.Original},
		{"lora/rank=64", 64, false, merge.Original},
		{"dora/rank=16", 16, true, merge.Original},
		{"lora/rank=16/nf4-roundtrip", 16, false, merge.NF4RoundTrip},
	} {
		b.Run(c.name, func(b *testing.B) {
			folder := b.TempDir()
			size := benchModel(b, folder, 3072, 8192, 2, c.rank, c.dora)
			b.SetBytes(size)
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				_, err := merge.Merge(b.Context(), merge.Options{Base: filepath.Join(folder, "base"), Adapter: filepath.Join(folder, "adapter"), Out: filepath.Join(folder, "out"), From: c.from})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpu()-before), "MB/cpu-s")
			b.ReportMetric(peak(), "MB-peak")
		})
	}
}

// cpu is the processor time of this process in seconds: what counts on a machine that others load.
func cpu() float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// peak is the most memory that the process had, in MB.
func peak() float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kilobytes float64
	for line := range strings.Lines(string(raw)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); err == nil {
			return kilobytes / 1000
		}
	}
	return 0
}

// benchModel writes a base without embeddings and an adapter for all its matrices; it returns the bytes of the base.
func benchModel(b *testing.B, folder string, hidden, ffn, layers, rank int64, dora bool) int64 {
	var base, adapter []safetensors.Info
	for i := range layers {
		for name, shape := range map[string][2]int64{
			"self_attn.q_proj": {hidden, hidden}, "self_attn.k_proj": {hidden / 3, hidden}, "self_attn.v_proj": {hidden / 3, hidden},
			"self_attn.o_proj": {hidden, hidden}, "mlp.gate_proj": {ffn, hidden}, "mlp.up_proj": {ffn, hidden}, "mlp.down_proj": {hidden, ffn},
		} {
			module := fmt.Sprintf("model.layers.%d.%s", i, name)
			base = append(base, safetensors.Info{Name: module + ".weight", Type: safetensors.BF16, Shape: shape[:]})
			adapter = append(adapter,
				safetensors.Info{Name: "base_model.model." + module + ".lora_A.weight", Type: safetensors.F32, Shape: []int64{rank, shape[1]}},
				safetensors.Info{Name: "base_model.model." + module + ".lora_B.weight", Type: safetensors.F32, Shape: []int64{shape[0], rank}})
			if dora {
				adapter = append(adapter, safetensors.Info{Name: "base_model.model." + module + ".lora_magnitude_vector", Type: safetensors.F32, Shape: []int64{shape[0]}})
			}
		}
	}
	for name, infos := range map[string][]safetensors.Info{"base/model.safetensors": base, "adapter/adapter_model.safetensors": adapter} {
		writeOnes(b, filepath.Join(folder, name), infos)
	}
	config, err := json.Marshal(map[string]any{"peft_type": "LORA", "r": rank, "lora_alpha": 16, "use_dora": dora})
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(filepath.Join(folder, "adapter", "adapter_config.json"), config, 0o600))
	require.NoError(b, os.WriteFile(filepath.Join(folder, "base", "config.json"), []byte(`{"tie_word_embeddings":true}`), 0o600))
	var size int64
	for _, info := range base {
		size += info.Bytes()
	}
	return size
}

// writeOnes fills a file with 0x3c, which is near 0.01 in each type.
func writeOnes(b *testing.B, path string, infos []safetensors.Info) {
	require.NoError(b, os.MkdirAll(filepath.Dir(path), 0o700))
	f, err := os.Create(path)
	require.NoError(b, err)
	defer f.Close()
	w, err := safetensors.NewWriter(f, infos)
	require.NoError(b, err)
	for _, info := range infos {
		raw := make([]byte, info.Bytes())
		for i := range raw {
			raw[i] = 0x3c
		}
		_, err := w.Write(raw)
		require.NoError(b, err)
	}
	require.NoError(b, w.Close())
}
