package merge_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/merge"
	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// setup copies the fixture, so that a test can spoil it.
func setup(t *testing.T, adapter string) merge.Options {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"base", adapter} {
		require.NoError(t, os.CopyFS(filepath.Join(folder, name), os.DirFS(filepath.Join("testdata/peft", name))))
	}
	return merge.Options{Base: filepath.Join(folder, "base"), Adapter: filepath.Join(folder, adapter), Out: filepath.Join(folder, "out")}
}

// edit changes keys of a JSON file.
func edit(t *testing.T, path string, changes map[string]any) {
	t.Helper()
	keys := map[string]any{}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &keys))
	for key, value := range changes {
		keys[key] = value
	}
	raw, err = json.Marshal(keys)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

// TestWhatCannotBeHonoredIsRefused: an adapter merged in part would answer well enough to be promoted.
func TestWhatCannotBeHonoredIsRefused(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{
		"peft_type": "IA3", "fan_in_fan_out": true, "bias": "all", "lora_bias": true, "use_qalora": true, "r": 0,
		"init_lora_weights": "pissa_niter_16", "layer_replication": []any{[]any{0, 4}}, "trainable_token_indices": []any{1},
		"target_parameters": []any{"experts"}, "a_key_of_next_year": map[string]any{"on": true}, "use_dora": true,
		"rank_pattern": map[string]any{"q_proj": 8}, "alpha_pattern": map[string]any{"(": 1},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			opts := setup(t, "lora")
			edit(t, filepath.Join(opts.Adapter, "adapter_config.json"), map[string]any{key: value})
			_, err := merge.Merge(t.Context(), opts)
			var refused *merge.RefusedError
			require.ErrorAs(t, err, &refused)
			require.NoDirExists(t, opts.Out)
		})
	}
}

func TestAdapterTensorsWithoutAPlaceAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{
		"other prefix":   func(n string) string { return strings.TrimPrefix(n, "base_model.") },
		"no such module": func(n string) string { return strings.Replace(n, "layers.0", "layers.7", 1) },
		"other role":     func(n string) string { return strings.Replace(n, "lora_A", "lora_C", 1) },
		"half a pair":    func(n string) string { return strings.Replace(n, "q_proj.lora_A", "q_proj.lora_B", 1) },
		"a bias":         func(n string) string { return strings.Replace(n, "lora_B.weight", "lora_B.bias", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := setup(t, "lora")
			rename(t, filepath.Join(opts.Adapter, "adapter_model.safetensors"), change)
			_, err := merge.Merge(t.Context(), opts)
			var refused *merge.RefusedError
			require.True(t, errors.As(err, &refused) || errors.Is(err, safetensors.ErrFormat), "%v", err)
		})
	}
}

// TestTiedEmbeddingsAreNotAdapted: the merged tensor would be used twice, the adapter was trained for one use.
func TestTiedEmbeddingsAreNotAdapted(t *testing.T) {
	t.Parallel()
	opts := setup(t, "embedding")
	edit(t, filepath.Join(opts.Base, "config.json"), map[string]any{"tie_word_embeddings": true})
	_, err := merge.Merge(t.Context(), opts)
	require.ErrorContains(t, err, "one tensor")
}

func TestQuantizedBaseIsRefused(t *testing.T) {
	t.Parallel()
	opts := setup(t, "lora")
	edit(t, filepath.Join(opts.Base, "config.json"), map[string]any{"quantization_config": map[string]any{"load_in_4bit": true}})
	_, err := merge.Merge(t.Context(), opts)
	require.ErrorContains(t, err, "quantized already")
}

// TestWeightThatIsNotANumberEndsTheMerge leaves the earlier output as it was.
func TestWeightThatIsNotANumberEndsTheMerge(t *testing.T) {
	t.Parallel()
	opts := setup(t, "lora")
	require.NoError(t, os.Mkdir(opts.Out, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(opts.Out, "earlier"), nil, 0o600))
	for _, path := range []string{filepath.Join(opts.Adapter, "adapter_model.safetensors"), filepath.Join(opts.Base, "model.safetensors")} {
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		spoiled := append([]byte{}, before...)
		copy(spoiled[len(spoiled)-4:], []byte{0, 0, 0xc0, 0x7f}) // float32 NaN
		require.NoError(t, os.WriteFile(path, spoiled, 0o600))
		_, err = merge.Merge(t.Context(), opts)
		require.ErrorIs(t, err, merge.ErrNotFinite)
		require.FileExists(t, filepath.Join(opts.Out, "earlier"))
		require.NoDirExists(t, opts.Out+".tmp")
		require.NoError(t, os.WriteFile(path, before, 0o600))
	}
}

func TestCanceledMergeLeavesNothing(t *testing.T) {
	t.Parallel()
	opts := setup(t, "lora")
	ctx, cancel := context.WithCancel(t.Context())
	opts.Progress = func(int64, int64) { cancel() }
	_, err := merge.Merge(ctx, opts)
	require.ErrorIs(t, err, context.Canceled)
	require.NoDirExists(t, opts.Out)
	require.NoDirExists(t, opts.Out+".tmp")
}

// TestShardsHoldTheSameWeights also merges from shards: the output of the first merge is the base of the second.
func TestShardsHoldTheSameWeights(t *testing.T) {
	t.Parallel()
	opts := setup(t, "lora")
	whole, err := merge.Merge(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, 1, whole.Shards)
	split := opts
	split.Out, split.ShardBytes, split.Workers = opts.Out+"-split", 512, 3
	sharded, err := merge.Merge(t.Context(), split)
	require.NoError(t, err)
	require.Greater(t, sharded.Shards, 2)
	require.Equal(t, whole.Parameters, sharded.Parameters)
	require.Equal(t, stored(t, opts.Out), stored(t, split.Out))
	again := opts
	again.Base, again.Out = split.Out, opts.Out+"-again"
	_, err = merge.Merge(t.Context(), again)
	require.NoError(t, err)
}

// TestConfigHasBothFormsOfRope: importers know one of them and take the default for the other.
func TestConfigHasBothFormsOfRope(t *testing.T) {
	t.Parallel()
	llama3 := map[string]any{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192.0}
	with := map[string]any{"rope_theta": 500000.0}
	for key, value := range llama3 {
		with[key] = value
	}
	for name, written := range map[string]map[string]any{
		"new": {"rope_parameters": with},
		"old": {"rope_parameters": nil, "rope_theta": 500000.0, "rope_scaling": llama3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := setup(t, "lora")
			edit(t, filepath.Join(opts.Base, "config.json"), written)
			_, err := merge.Merge(t.Context(), opts)
			require.NoError(t, err)
			raw, err := os.ReadFile(filepath.Join(opts.Out, "config.json"))
			require.NoError(t, err)
			var config map[string]any
			require.NoError(t, json.Unmarshal(raw, &config))
			require.EqualValues(t, 500000, config["rope_theta"])
			require.Equal(t, llama3, config["rope_scaling"])
			require.Equal(t, with, config["rope_parameters"])
			require.Equal(t, "bfloat16", config["dtype"])
		})
	}
}

// TestTemplateOfTheAdapterWins: it was saved with what the adapter was trained with.
func TestTemplateOfTheAdapterWins(t *testing.T) {
	t.Parallel()
	opts := setup(t, "lora")
	for path, text := range map[string]string{
		filepath.Join(opts.Base, "tokenizer_config.json"):       `{"chat_template":"base","eos_token":"<base>"}`,
		filepath.Join(opts.Adapter, "tokenizer_config.json"):    `{"eos_token":"<adapter>"}`,
		filepath.Join(opts.Adapter, "chat_template.jinja"):      "adapter",
		filepath.Join(opts.Base, "tokenizer.json"):              "{}",
		filepath.Join(opts.Adapter, "special_tokens_map.json"):  "{}",
		filepath.Join(opts.Base, "special_tokens_map.json.old"): "not copied",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	_, err := merge.Merge(t.Context(), opts)
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(opts.Out, "tokenizer_config.json"))
	require.NoError(t, err)
	require.JSONEq(t, `{"eos_token":"<adapter>","chat_template":"adapter"}`, string(raw))
	entries, err := os.ReadDir(opts.Out)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"}, names)
}

func stored(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	set, err := safetensors.Open(path)
	require.NoError(t, err)
	defer set.Close()
	out := map[string][]float32{}
	for _, tensor := range set.Tensors() {
		out[tensor.Name] = all(t, tensor)
	}
	return out
}

// rename writes a file again under other names of tensors.
func rename(t *testing.T, path string, change func(string) string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	end := 8 + int(raw[0]) + int(raw[1])<<8
	var header map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw[8:end], &header))
	renamed := map[string]json.RawMessage{}
	for name, entry := range header {
		if name == "__metadata__" {
			continue
		}
		if to := change(name); renamed[to] == nil || to != name {
			renamed[to] = entry
		}
	}
	head, err := json.Marshal(renamed)
	require.NoError(t, err)
	out := []byte{byte(len(head)), byte(len(head) >> 8), byte(len(head) >> 16), 0, 0, 0, 0, 0}
	require.NoError(t, os.WriteFile(path, append(append(out, head...), raw[end:]...), 0o600))
}
