package packager

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/packager/safetensors"
	"github.com/ragline/ragline/schemas/event"
)

const (
	// hidden is the shortest row that k-quants hold.
	hidden = 256
	// firstSpecial follows the bytes and the one merge that a tokenizer must have.
	firstSpecial = 257
)

const template = "{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}" +
	"{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"

var specials = []string{"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}

// tensors in the order in which they are written.
type tensors []tensor

type tensor struct {
	name   string
	shape  []int64
	values []float32
}

func (ts *tensors) add(r *rand.Rand, scale float32, name string, shape ...int64) *tensor {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	t := tensor{name, shape, make([]float32, n)}
	for i := range t.values {
		t.values[i] = (r.Float32()*2 - 1) * scale
	}
	*ts = append(*ts, t)
	return &(*ts)[len(*ts)-1]
}

func (ts *tensors) write(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	infos := make([]safetensors.Info, len(*ts))
	for i, x := range *ts {
		infos[i] = safetensors.Info{Name: x.name, Type: safetensors.BF16, Shape: x.shape}
	}
	w, err := safetensors.NewWriter(f, infos)
	require.NoError(t, err)
	for _, x := range *ts {
		raw := make([]byte, 2*len(x.values))
		safetensors.EncodeBF16(raw, x.values)
		_, err := w.Write(raw)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

// tinyBase writes a random llama of one layer with a vocabulary of bytes, as a folder of Hugging Face.
func tinyBase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	vocab := int64(firstSpecial + len(specials))
	var ts tensors
	ts.add(r, .06, "model.embed_tokens.weight", vocab, hidden)
	head := ts.add(r, .06, "lm_head.weight", vocab, hidden)
	for i := range head.values {
		if token := i / hidden; token < 33 || token > 126 { // half a UTF-8 character holds back the text
			head.values[i] = 0
		}
	}
	for _, name := range []string{"model.norm", "model.layers.0.input_layernorm", "model.layers.0.post_attention_layernorm"} {
		ones := ts.add(r, 0, name+".weight", hidden)
		for i := range ones.values {
			ones.values[i] = 1
		}
	}
	for _, name := range []string{"self_attn.q_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"} {
		ts.add(r, .06, "model.layers.0."+name+".weight", hidden, hidden)
	}
	for _, name := range []string{"self_attn.k_proj", "self_attn.v_proj"} {
		ts.add(r, .06, "model.layers.0."+name+".weight", hidden/2, hidden)
	}
	ts.write(t, filepath.Join(dir, "model.safetensors"))
	putJSON(t, dir, "config.json", map[string]any{
		"architectures": []string{"LlamaForCausalLM"}, "model_type": "llama", "torch_dtype": "bfloat16", "vocab_size": vocab,
		"hidden_size": hidden, "intermediate_size": hidden, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2,
		"head_dim": 64, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "hidden_act": "silu",
		"bos_token_id": firstSpecial, "eos_token_id": firstSpecial + 3, "rope_parameters": map[string]any{"rope_theta": 10000.0, "rope_type": "default"},
	})
	putJSON(t, dir, "generation_config.json", map[string]any{"bos_token_id": firstSpecial, "eos_token_id": firstSpecial + 3})
	return dir
}

// putTokenizer writes a byte-level tokenizer with the chat template.
func putTokenizer(t *testing.T, dir string) {
	t.Helper()
	words, added := map[string]int{}, []any{}
	for b := range 256 {
		words[string(byteRune(b))] = b
	}
	words["ab"] = 256
	for i, s := range specials {
		added = append(added, map[string]any{"id": firstSpecial + i, "content": s, "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false})
	}
	putJSON(t, dir, "tokenizer.json", map[string]any{
		"version": "1.0", "added_tokens": added, "model": map[string]any{"type": "BPE", "vocab": words, "merges": []string{"a b"}},
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"decoder":       map[string]any{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
	})
	putJSON(t, dir, "tokenizer_config.json", map[string]any{
		"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": specials[0], "eos_token": specials[3], "chat_template": template,
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "chat_template.jinja"), []byte(template), 0o600))
}

// byteRune is the character that stands for a byte in a byte-level vocabulary.
func byteRune(b int) rune {
	if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
		return rune(b)
	}
	n := 0
	for c := range b {
		if c < '!' || c > '~' && c < 0xa1 || c == 0xad {
			n++
		}
	}
	return rune(256 + n)
}

// tinyAdapter writes an adapter of rank 4 for the query and down projections, and says that it was trained.
func tinyAdapter(t *testing.T, base string, dora bool) *event.ModelTrained {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 4))
	var ts tensors
	modules := []string{"self_attn.q_proj", "mlp.down_proj"}
	for _, m := range modules {
		name := "base_model.model.model.layers.0." + m
		ts.add(r, .1, name+".lora_A.weight", 4, hidden)
		ts.add(r, .1, name+".lora_B.weight", hidden, 4)
		if dora {
			norms := ts.add(r, .01, name+".lora_magnitude_vector", hidden)
			for i := range norms.values {
				norms.values[i]++
			}
		}
	}
	ts.write(t, filepath.Join(dir, weightsFile))
	putJSON(t, dir, "adapter_config.json", map[string]any{
		"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "use_dora": dora, "use_rslora": false, "bias": "none",
		"fan_in_fan_out": false, "target_modules": []string{"q_proj", "down_proj"}, "lora_dropout": 0.0, "base_model_name_or_path": base,
		"init_lora_weights": true,
	})
	putTokenizer(t, dir)
	putJSON(t, dir, trainingFile, training{
		JobID: "0123456789abcdef", DatasetID: "dataset-1", BaseModel: "tiny", BasePath: base, MaxLength: 1024,
		TemplateStyle: "llama3", Stop: []string{"<|eot_id|>"}, BOS: true, System: "Answer from the context.",
	})
	putParity(t, dir, 3, nil)
	sum, err := file.SHA256(filepath.Join(dir, weightsFile))
	require.NoError(t, err)
	method := map[bool]string{false: "lora", true: "dora"}[dora]
	return &event.ModelTrained{Model: "default", Version: "0123456789ab", AdapterUri: "file://" + dir, AdapterSha256: sum, BaseModel: "tiny", Method: method}
}

// putParity writes the prompts of training, as its template gives them.
func putParity(t *testing.T, dir string, n int, spoil func(string) string) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		messages := []ollama.Message{{Role: "system", Content: "Answer from the context."}, {Role: "user", Content: fmt.Sprintf("Context: \"<%d & more>\"\n\nHow many — %d?", i, i)}}
		var text strings.Builder
		for _, m := range messages {
			text.WriteString("<|start_header_id|>" + m.Role + "<|end_header_id|>\n\n" + m.Content + "<|eot_id|>")
		}
		prompt := text.String() + "<|start_header_id|>assistant<|end_header_id|>\n\n"
		if spoil != nil {
			prompt = spoil(prompt)
		}
		raw, err := json.Marshal(parityLine{messages, prompt})
		require.NoError(t, err)
		b.Write(append(raw, '\n'))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, parityFile), []byte(b.String()), 0o600))
}

func putJSON(t *testing.T, dir, name string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
}
