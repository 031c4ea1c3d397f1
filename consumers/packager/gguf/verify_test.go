package gguf_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/consumers/packager/gguf/gguftest"
)

// TestWrongKeyIsFound rewrites one key of a sound file each.
func TestWrongKeyIsFound(t *testing.T) {
	t.Parallel()
	model := gguftest.Model(t, map[string]any{"rope_scaling": llama3Scaling})
	path, _ := convert(t, model, gguf.ConvertOptions{Type: gguf.FileF16})
	for key, c := range map[string]struct {
		value   any
		problem string
	}{
		"general.architecture":                   {"", "general.architecture is missing"},
		"general.file_type":                      {uint32(7), "file type Q8_0 (7), asked for F16, most weights are F16"},
		"llama.rope.freq_base":                   {float32(10000), "llama.rope.freq_base is 10000, config says 500000"},
		"llama.rope.dimension_count":             {uint32(32), "llama.rope.dimension_count"},
		"llama.context_length":                   {uint32(2048), "llama.context_length is 2048"},
		"llama.block_count":                      {uint32(2), "llama.block_count is 2"},
		"llama.embedding_length":                 {uint32(2), "llama.embedding_length"},
		"llama.feed_forward_length":              {uint32(2), "llama.feed_forward_length"},
		"llama.attention.head_count":             {uint32(2), "llama.attention.head_count is 2"},
		"llama.attention.head_count_kv":          {uint32(4), "llama.attention.head_count_kv is 4"},
		"llama.attention.layer_norm_rms_epsilon": {float32(1e-6), "llama.attention.layer_norm_rms_epsilon"},
		"tokenizer.ggml.model":                   {"", "tokenizer \"\""},
		"tokenizer.ggml.tokens":                  {[]string{"a"}, "token_embd.weight has dimensions [256 261] for 1 tokens"},
		"tokenizer.ggml.merges":                  {[]string{}, "0 merges"},
		"tokenizer.ggml.eos_token_id":            {uint32(999), "tokenizer.ggml.eos_token_id is 999"},
		"tokenizer.chat_template":                {"other", "chat template"},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			k, err := gguf.Encode(key, c.value)
			require.NoError(t, err)
			spoiled := filepath.Join(t.TempDir(), "spoiled.gguf")
			require.NoError(t, gguf.Rewrite(t.Context(), path, spoiled, []gguf.Key{k}, keep))
			requireProblem(t, spoiled, model, gguf.FileF16, c.problem)
		})
	}
}

func keep(t gguf.Tensor) (gguf.Type, gguf.EncodeFunc) { return t.Type, nil }

func requireProblem(t *testing.T, path, model string, want gguf.FileType, problem string) {
	t.Helper()
	_, err := gguf.Verify(t.Context(), path, gguf.Want{Model: model, Type: want})
	var invalid *gguf.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, problem)
}

// TestFileOfAnotherModelIsFound compares a sound file with models that it was not made from.
func TestFileOfAnotherModelIsFound(t *testing.T) {
	t.Parallel()
	path, _ := convert(t, gguftest.Model(t, map[string]any{"rope_scaling": llama3Scaling}), gguf.ConvertOptions{Type: gguf.FileF16})
	other := map[string]any{}
	for key, value := range llama3Scaling {
		other[key] = value
	}
	other["factor"] = 32.0
	for problem, changes := range map[string]map[string]any{
		"rope_freqs.weight is there: true": nil,
		"rope_freqs.weight[":               {"rope_scaling": other},
		"block 1 is missing":               {"rope_scaling": llama3Scaling, "num_hidden_layers": 2},
		"parameters, the merged model has": {"rope_scaling": llama3Scaling, "intermediate_size": 512},
	} {
		t.Run(problem, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, path, gguftest.Model(t, changes), gguf.FileF16, problem)
		})
	}
}

// TestMissingRopeFactorsAreFound is the import that loses Llama 3's scaling without a word.
func TestMissingRopeFactorsAreFound(t *testing.T) {
	t.Parallel()
	path, _ := convert(t, gguftest.Model(t, nil), gguf.ConvertOptions{Type: gguf.FileF16})
	requireProblem(t, path, gguftest.Model(t, map[string]any{"rope_scaling": llama3Scaling}), gguf.FileF16, "rope_freqs.weight is there: false")
}

func TestWeightThatIsNotFiniteIsFound(t *testing.T) {
	t.Parallel()
	model := gguftest.Model(t, nil)
	for _, to := range []gguf.FileType{gguf.FileF16, gguf.FileBF16} {
		path, _ := convert(t, model, gguf.ConvertOptions{Type: to})
		spoiled := filepath.Join(t.TempDir(), "spoiled.gguf")
		require.NoError(t, gguf.Rewrite(t.Context(), path, spoiled, nil, func(tensor gguf.Tensor) (gguf.Type, gguf.EncodeFunc) {
			if tensor.Name != "blk.0.ffn_up.weight" {
				return tensor.Type, nil
			}
			return gguf.F16, func(dst []byte, src []float32) {
				src[len(src)-1] = float32(math.Inf(1))
				gguf.EncodeF16(dst, src)
			}
		}))
		requireProblem(t, spoiled, model, to, "blk.0.ffn_up.weight has weights that are not finite")
	}
}

func TestCutFileIsFound(t *testing.T) {
	t.Parallel()
	model := gguftest.Model(t, nil)
	path, _ := convert(t, model, gguf.ConvertOptions{Type: gguf.FileF16})
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-1))
	requireProblem(t, path, model, gguf.FileF16, "not a sound GGUF file")
}
