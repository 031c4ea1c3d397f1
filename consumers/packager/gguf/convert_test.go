package gguf_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	parser "github.com/gpustack/gguf-parser-go"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/consumers/packager/gguf/gguftest"
	"github.com/ragline/ragline/consumers/packager/safetensors"
)

var llama3Scaling = map[string]any{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128}

// convert makes a file of the type and verifies it.
func convert(t *testing.T, model string, opts gguf.ConvertOptions) (string, gguf.Report) {
	t.Helper()
	opts.Model, opts.Out = model, filepath.Join(t.TempDir(), "model.gguf")
	_, err := gguf.Convert(t.Context(), opts)
	require.NoError(t, err)
	report, err := gguf.Verify(t.Context(), opts.Out, gguf.Want{Model: model, Type: opts.Type})
	require.NoError(t, err)
	entries, err := os.ReadDir(filepath.Dir(opts.Out))
	require.NoError(t, err)
	require.Len(t, entries, 1, "temporary files stay behind")
	return opts.Out, report
}

func TestConvertedFilePassesEveryCheck(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]map[string]any{
		"plain":         nil,
		"tied":          {"tie_word_embeddings": true},
		"llama3 rope":   {"rope_scaling": llama3Scaling},
		"default theta": {"rope_theta": 10000.0},
		"two layers":    {"num_hidden_layers": 2},
		"wide heads":    {"head_dim": 128},
	} {
		for _, to := range []gguf.FileType{gguf.FileF16, gguf.FileBF16} {
			t.Run(name+" "+to.String(), func(t *testing.T) {
				t.Parallel()
				model := gguftest.Model(t, changes)
				path, report := convert(t, model, gguf.ConvertOptions{Type: to})
				require.Equal(t, "llama", report.Architecture)
				require.Equal(t, to, report.FileType)
				require.Equal(t, 261, report.Vocabulary)
				require.EqualValues(t, 259, report.EOS)
				require.EqualValues(t, 259, report.EOT)
				require.EqualValues(t, 512, report.Context)
				require.Less(t, compare(t, model, path), map[gguf.FileType]float64{gguf.FileF16: 1e-3, gguf.FileBF16: 1e-9}[to])
			})
		}
	}
}

// TestOtherFamiliesPassEveryCheck in the form that transformers 5 writes: what is the default of a family is left out.
func TestOtherFamiliesPassEveryCheck(t *testing.T) {
	t.Parallel()
	for architecture, changes := range map[string]map[string]any{
		"qwen2": {"architectures": []string{"Qwen2ForCausalLM"}, "model_type": "qwen2", "head_dim": 64},
		"gemma": {"architectures": []string{"GemmaForCausalLM"}, "model_type": "gemma", "tie_word_embeddings": true, "rope_theta": 10000.0},
	} {
		t.Run(architecture, func(t *testing.T) {
			t.Parallel()
			model := gguftest.Model(t, changes)
			_, report := convert(t, model, gguf.ConvertOptions{Type: gguf.FileF16})
			require.Equal(t, architecture, report.Architecture)
		})
	}
}

// TestASecondParserAgrees reads the file with a parser that shares no code with this package.
func TestASecondParserAgrees(t *testing.T) {
	t.Parallel()
	model := gguftest.Model(t, map[string]any{"rope_scaling": llama3Scaling})
	path, report := convert(t, model, gguf.ConvertOptions{Type: gguf.FileF16, AddBOS: new(bool), Lineage: gguf.Lineage{
		Name: "answers", Version: "0123456789ab", BaseModel: "tiny", BaseRevision: "main", BaseURL: "https://example.org/tiny",
		Dataset: "dataset-1", DatasetURI: "file:///datasets/1", JobID: "0123", License: "apache-2.0",
	}})
	file, err := parser.ParseGGUFFile(path)
	require.NoError(t, err)
	require.Equal(t, parser.GGUFVersionV3, file.Header.Version)
	require.Len(t, file.TensorInfos, report.Tensors)
	require.EqualValues(t, report.Parameters+32, file.ModelParameters) // and half of the 64 rotated dimensions
	require.Equal(t, "llama", file.Architecture().Architecture)
	require.EqualValues(t, 512, file.Architecture().MaximumContextLength)
	require.EqualValues(t, 261, file.Tokenizer().TokensLength)
	values := map[string]any{}
	for _, kv := range file.Header.MetadataKV {
		values[kv.Key] = kv.Value
	}
	for key, want := range map[string]any{
		"general.name": "answers", "general.version": "0123456789ab", "general.license": "apache-2.0", "general.source.uuid": "0123",
		"general.base_model.count": uint32(1), "general.base_model.0.name": "tiny", "general.base_model.0.version": "main",
		"general.base_model.0.repo_url": "https://example.org/tiny", "general.dataset.count": uint32(1),
		"general.dataset.0.name": "dataset-1", "general.dataset.0.repo_url": "file:///datasets/1",
		"general.file_type": uint32(1), "tokenizer.chat_template": gguftest.Template, "tokenizer.ggml.add_bos_token": false,
		"llama.rope.freq_base": float32(500000),
	} {
		require.Equal(t, want, values[key], key)
	}
}

func TestUnknownArchitectureNamesTheOtherRoute(t *testing.T) {
	t.Parallel()
	model := gguftest.Model(t, map[string]any{"architectures": []string{"Qwen3ForCausalLM"}})
	_, err := gguf.Convert(t.Context(), gguf.ConvertOptions{Model: model, Out: filepath.Join(t.TempDir(), "m"), Type: gguf.FileF16})
	var unsupported *gguf.UnsupportedError
	require.ErrorAs(t, err, &unsupported)
	require.Equal(t, []gguf.Route{gguf.RouteLlamaCPP}, unsupported.Can)
}

// TestLlamaCPPRefusesATokenizerOfItsOwn runs the real script. It knows tokenizers of published models by a hash, so
// that a model made for tests is as far as it gets, and the error names the route that converts it.
func TestLlamaCPPRefusesATokenizerOfItsOwn(t *testing.T) {
	t.Parallel()
	folder, python := llamaCPP(t)
	out := filepath.Join(t.TempDir(), "model.gguf")
	route, err := gguf.Convert(t.Context(), gguf.ConvertOptions{Model: gguftest.Model(t, nil), Out: out, Type: gguf.FileF16, LlamaCPP: folder, Python: python})
	require.Equal(t, gguf.RouteLlamaCPP, route)
	if errors.Is(err, gguf.ErrInterpreter) {
		t.Skipf("needs sentencepiece beside what make trainer-env installs (pip install sentencepiece there): %v", err)
	}
	var unsupported *gguf.UnsupportedError
	require.ErrorAs(t, err, &unsupported)
	require.ErrorContains(t, err, "BPE pre-tokenizer was not recognized")
	require.Equal(t, []gguf.Route{gguf.RouteGo}, unsupported.Can)
	require.NoFileExists(t, out)
}

// TestAFailingScriptSaysWhy: the last lines of the script are the error.
func TestAFailingScriptSaysWhy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	script := "#!/bin/sh\necho 'NotImplementedError: BPE pre-tokenizer was not recognized' >&2\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "convert_hf_to_gguf.py"), []byte(script), 0o700)) //nolint:gosec // it has to run
	_, err := gguf.Convert(t.Context(), gguf.ConvertOptions{Model: folder, Out: filepath.Join(folder, "m"), Type: gguf.FileF16, LlamaCPP: folder})
	var unsupported *gguf.UnsupportedError
	require.ErrorAs(t, err, &unsupported)
	require.ErrorContains(t, err, "pre-tokenizer was not recognized")
	require.NoFileExists(t, filepath.Join(folder, "m"))
}

// llamaCPP finds what `make llama-cpp` built and the interpreter of `make trainer-env`.
func llamaCPP(t *testing.T) (folder, python string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	folder = os.Getenv("LLAMA_CPP_PATH")
	if folder == "" {
		found, _ := filepath.Glob(filepath.Join(cache, "ragline", "tools", "llama.cpp-*"))
		if len(found) == 0 {
			t.Skip("needs llama.cpp: make llama-cpp, or LLAMA_CPP_PATH")
		}
		folder = found[len(found)-1]
	}
	found, _ := filepath.Glob(filepath.Join(cache, "ragline", "trainer-*", "bin", "python"))
	if environment := os.Getenv("RAGLINE_TRAINER_ENV"); environment != "" {
		found = []string{filepath.Join(environment, "bin", "python")}
	}
	if len(found) == 0 {
		t.Skip("needs an interpreter with torch and transformers: make trainer-env")
	}
	return folder, found[len(found)-1]
}

var names = strings.NewReplacer("model.embed_tokens", "token_embd", "model.norm", "output_norm", "lm_head", "output", "model.layers", "blk",
	"self_attn.q_proj", "attn_q", "self_attn.k_proj", "attn_k", "self_attn.v_proj", "attn_v", "self_attn.o_proj", "attn_output",
	"mlp.gate_proj", "ffn_gate", "mlp.up_proj", "ffn_up", "mlp.down_proj", "ffn_down",
	"post_attention_layernorm", "ffn_norm", "input_layernorm", "attn_norm")

// compare decodes every tensor of a GGUF and returns the largest difference from the model, relative to the largest
// weight. Rows of queries and keys are in another order in the file: the two halves of a head are interleaved.
func compare(t *testing.T, model, path string) float64 {
	t.Helper()
	set, err := safetensors.Open(model)
	require.NoError(t, err)
	defer set.Close()
	g, err := gguf.Open(path)
	require.NoError(t, err)
	defer g.Close()
	var worst float64
	for _, tensor := range set.Tensors() {
		stored, ok := g.Tensor(names.Replace(tensor.Name))
		require.True(t, ok, tensor.Name)
		raw, err := io.ReadAll(g.Data(stored))
		require.NoError(t, err)
		got, want := make([]float32, stored.Elements()), make([]float32, tensor.Elements())
		require.NoError(t, gguf.Decode(got, raw, stored.Type))
		require.NoError(t, tensor.Floats(want, 0))
		if strings.Contains(tensor.Name, "q_proj") || strings.Contains(tensor.Name, "k_proj") {
			want = interleave(want, int(tensor.Shape[1]), heads(g, tensor.Name))
		}
		worst = max(worst, difference(got, want))
	}
	return worst
}

func heads(g *gguf.File, name string) int {
	key := "llama.attention.head_count"
	if strings.Contains(name, "k_proj") {
		key += "_kv"
	}
	n, _ := g.Integer(key)
	return int(n)
}

func interleave(rows []float32, columns, heads int) []float32 {
	out := make([]float32, 0, len(rows))
	perHead := len(rows) / columns / heads
	for h := range heads {
		for i := range perHead {
			from := h*perHead + i/2 + i%2*perHead/2
			out = append(out, rows[from*columns:(from+1)*columns]...)
		}
	}
	return out
}

func difference(got, want []float32) float64 {
	var largest, apart float64
	for i := range want {
		largest = max(largest, float64(max(want[i], -want[i])))
		apart = max(apart, float64(max(got[i]-want[i], want[i]-got[i])))
	}
	return apart / largest
}
