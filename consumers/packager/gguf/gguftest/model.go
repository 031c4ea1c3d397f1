// Package gguftest writes small random models in the form of Hugging Face, for tests of what converts them.
package gguftest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// Template is the chat template of the models.
const Template = "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}<|eot_id|>{% endfor %}"

// Model writes a model and returns its folder. Changes replace keys of config.json; a nil value removes the key.
// Rows are 256 long, so that every quantization is what it says, unless changes say otherwise.
func Model(t testing.TB, changes map[string]any) string {
	t.Helper()
	folder := t.TempDir()
	tokens := vocabulary()
	config := map[string]any{
		"architectures": []string{"LlamaForCausalLM"}, "model_type": "llama", "dtype": "bfloat16",
		"vocab_size": len(tokens), "hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 1,
		"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 512,
		"rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": false, "hidden_act": "silu",
		"bos_token_id": 256, "eos_token_id": 259,
	}
	maps.Copy(config, changes)
	maps.DeleteFunc(config, func(_ string, v any) bool { return v == nil })
	write(t, filepath.Join(folder, "config.json"), config)
	write(t, filepath.Join(folder, "generation_config.json"), map[string]any{"bos_token_id": 256, "eos_token_id": 259})
	write(t, filepath.Join(folder, "tokenizer_config.json"), map[string]any{
		"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "chat_template": Template, "tokenizer_class": "PreTrainedTokenizerFast",
	})
	write(t, filepath.Join(folder, "tokenizer.json"), tokenizer(tokens))
	weights(t, filepath.Join(folder, "model.safetensors"), config)
	return folder
}

// specials follow the bytes.
var specials = []string{"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}

// vocabulary is the 256 bytes as GPT-2 writes them, the specials, and the result of one merge.
func vocabulary() []string {
	var tokens []string
	next := rune(256)
	for b := range rune(256) {
		if (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae {
			tokens = append(tokens, string(b))
			continue
		}
		tokens = append(tokens, string(next))
		next++
	}
	return append(append(tokens, specials...), "th")
}

func tokenizer(tokens []string) map[string]any {
	vocab, added := map[string]int{}, []any{}
	for id, token := range tokens {
		if slices.Contains(specials, token) {
			added = append(added, map[string]any{"id": id, "content": token, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false})
			continue
		}
		vocab[token] = id
	}
	level := map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	return map[string]any{
		"version": "1.0", "added_tokens": added, "pre_tokenizer": level, "decoder": level,
		"model": map[string]any{"type": "BPE", "vocab": vocab, "merges": []string{"t h"}},
	}
}

// weights are small and random, the same in every run.
func weights(t testing.TB, path string, c map[string]any) {
	t.Helper()
	n := func(key string) int64 { v, _ := c[key].(int); return int64(v) }
	hidden, ffn, vocab := n("hidden_size"), n("intermediate_size"), n("vocab_size")
	q, kv := n("num_attention_heads")*n("head_dim"), n("num_key_value_heads")*n("head_dim")
	shapes := map[string][]int64{"model.embed_tokens.weight": {vocab, hidden}, "model.norm.weight": {hidden}}
	if c["tie_word_embeddings"] != true {
		shapes["lm_head.weight"] = []int64{vocab, hidden}
	}
	for i := range n("num_hidden_layers") {
		for name, shape := range map[string][]int64{
			"self_attn.q_proj": {q, hidden}, "self_attn.k_proj": {kv, hidden}, "self_attn.v_proj": {kv, hidden}, "self_attn.o_proj": {hidden, q},
			"mlp.gate_proj": {ffn, hidden}, "mlp.up_proj": {ffn, hidden}, "mlp.down_proj": {hidden, ffn},
			"input_layernorm": {hidden}, "post_attention_layernorm": {hidden},
		} {
			shapes[fmt.Sprintf("model.layers.%d.%s.weight", i, name)] = shape
		}
	}
	var infos []safetensors.Info
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		infos = append(infos, safetensors.Info{Name: name, Type: safetensors.BF16, Shape: shapes[name]})
	}
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w, err := safetensors.NewWriter(f, infos)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for _, info := range infos {
		values := make([]float32, info.Bytes()/2)
		for i := range values {
			values[i] = float32(random.NormFloat64()) * 0.05
		}
		raw := make([]byte, info.Bytes())
		safetensors.EncodeBF16(raw, values)
		_, err := w.Write(raw)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

func write(t testing.TB, path string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}
