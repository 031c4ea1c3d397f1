package modelfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/parser"
	"github.com/ollama/ollama/template"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOllamaReadsBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	for _, style := range Styles() {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "model.gguf"), []byte("GGUF is read later"), 0o600))
			f, err := New(Spec{
				From: "./model.gguf", Style: style, Stop: []string{"<|end of text|>", " two words "},
				System: "First line.\n\n  Second \"line\" of it.\n", MaxLength: 4096,
			})
			require.NoError(t, err)
			parsed, err := parser.ParseFile(strings.NewReader(f.String()))
			require.NoError(t, err)
			r, err := parsed.CreateRequest(dir)
			require.NoError(t, err)
			require.Equal(t, f.Template, r.Template)
			require.Equal(t, f.System, r.System)
			require.Equal(t, f.Stop, r.Parameters["stop"])
			require.EqualValues(t, 4096, r.Parameters["num_ctx"])
			require.Len(t, r.Files, 1)
			require.Empty(t, r.From, "a from that is no file would be pulled")
		})
	}
}

// The expected texts are what the models' own chat templates give, without the token that begins a text.
func TestTemplatesRenderAsTraining(t *testing.T) {
	t.Parallel()
	conversation := []api.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "One?"}, {Role: "assistant", Content: "1"}, {Role: "user", Content: "Two\nthree?"}}
	for style, want := range map[string]string{
		"llama3": "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nOne?<|eot_id|>" +
			"<|start_header_id|>assistant<|end_header_id|>\n\n1<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nTwo\nthree?<|eot_id|>" +
			"<|start_header_id|>assistant<|end_header_id|>\n\n",
		"chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n" +
			"<|im_start|>user\nTwo\nthree?<|im_end|>\n<|im_start|>assistant\n",
		"phi3": "<|system|>\nBe brief.<|end|>\n<|user|>\nOne?<|end|>\n<|assistant|>\n1<|end|>\n<|user|>\nTwo\nthree?<|end|>\n<|assistant|>\n",
		"gemma": "<start_of_turn>user\nBe brief.\n\nOne?<end_of_turn>\n<start_of_turn>model\n1<end_of_turn>\n" +
			"<start_of_turn>user\nTwo\nthree?<end_of_turn>\n<start_of_turn>model\n",
	} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			tmpl, err := template.Parse(styles[style].template)
			require.NoError(t, err)
			var b bytes.Buffer
			messages := append([]api.Message(nil), conversation...)
			require.NoError(t, tmpl.Execute(&b, template.Values{Messages: messages}))
			require.Equal(t, want, b.String())
		})
	}
}

func TestTheContextIsNeverShorterThanTraining(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]int{0: 2048, 512: 2048, 2048: 2048, 8192: 8192} {
		f, err := New(Spec{From: "x", Style: "llama3", MaxLength: length})
		require.NoError(t, err)
		require.Equal(t, want, f.Context)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	_, err := New(Spec{From: "x", Style: "vicuna"})
	require.ErrorIs(t, err, ErrStyle)
	require.ErrorContains(t, err, "chatml, gemma, llama3, phi3")
	for _, system := range []string{`say """ never`, `ends with a "quote"`} {
		_, err = New(Spec{From: "x", Style: "llama3", System: system})
		require.ErrorIs(t, err, ErrQuote)
	}
}
