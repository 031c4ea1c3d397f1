package ollama_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const llama3 = "{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>\n\n"

func request(gguf, name string) ollama.CreateRequest {
	return ollama.CreateRequest{
		Model: name, GGUF: gguf, Template: llama3, System: "Be brief.",
		Parameters: map[string]any{"stop": []string{"<|eot_id|>"}, "num_ctx": 2048},
	}
}

// TestFake and TestOllama hold the same: what the client does, and what the fake stands for.
func TestFake(t *testing.T) {
	t.Parallel()
	suite(t, client(t, ollamatest.New(t).URL))
}

func TestOllama(t *testing.T) {
	t.Parallel()
	suite(t, client(t, ollamatest.Start(t)))
}

func client(t *testing.T, host string) *ollama.Client {
	t.Helper()
	c, err := ollama.New(host)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// suite tells the life of a model. Its steps build on each other.
func suite(t *testing.T, c *ollama.Client) {
	ctx, gguf := t.Context(), ollamatest.TinyGGUF(t, 1)
	const name = "ragline-test:0123456789ab"

	version, err := c.Version(ctx)
	require.NoError(t, err)
	require.Equal(t, "0.17.4", version)

	var seen []ollama.Progress
	require.NoError(t, c.Create(ctx, request(gguf, name), func(p ollama.Progress) { seen = append(seen, p) }))
	require.Equal(t, "success", seen[len(seen)-1].Status)
	require.Equal(t, "uploading", statusOf(seen, "uploading").Status)
	require.Equal(t, statusOf(seen, "uploading").Total, statusOf(seen, "uploading").Completed)

	models, err := c.Models(ctx)
	require.NoError(t, err)
	require.Len(t, models, 1)
	require.Equal(t, name, models[0].Name)

	info, err := c.Show(ctx, name)
	require.NoError(t, err)
	require.Equal(t, llama3, info.Template)
	require.Equal(t, "Be brief.", info.System)
	require.Contains(t, info.Parameters, "<|eot_id|>")
	require.Equal(t, "F16", info.Details.Quantization)
	require.Equal(t, "llama", info.Details.Family)
	require.Len(t, info.Tensors, 12)
	require.InDelta(t, 10000, info.Keys["llama.rope.freq_base"], 0)

	renders(t, c, name)
	asks(t, c, name)
	fails(t, c, gguf)

	require.NoError(t, c.Copy(ctx, name, "ragline-test"))
	require.NoError(t, c.Delete(ctx, name))
	require.NoError(t, c.Delete(ctx, name), "what is not there is deleted")
	require.ErrorIs(t, c.Copy(ctx, name, "ragline-other"), ollama.ErrNotFound)
	_, err = c.Show(ctx, name)
	require.ErrorIs(t, err, ollama.ErrNotFound)
	models, err = c.Models(ctx)
	require.NoError(t, err)
	require.Len(t, models, 1)
	require.Equal(t, "ragline-test:latest", models[0].Name)
}

func statusOf(seen []ollama.Progress, status string) (last ollama.Progress) {
	for _, p := range seen {
		if p.Status == status {
			last = p
		}
	}
	return last
}

func renders(t *testing.T, c *ollama.Client, name string) {
	t.Helper()
	got, err := c.Render(t.Context(), name, []ollama.Message{{Role: "system", Content: "Say no."}, {Role: "user", Content: "Is <|eot_id|> & \"it\" so?\n"}})
	require.NoError(t, err)
	require.Equal(t, "<|start_header_id|>system<|end_header_id|>\n\nSay no.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"+
		"Is <|eot_id|> & \"it\" so?\n<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", got)
	got, err = c.Render(t.Context(), name, []ollama.Message{{Role: "user", Content: "Well?"}})
	require.NoError(t, err)
	require.Contains(t, got, "Be brief.", "a conversation without a system message has the model's")
}

func asks(t *testing.T, c *ollama.Client, name string) {
	t.Helper()
	options := map[string]any{"num_predict": 8, "temperature": 0, "seed": 1}
	chat, err := c.Ask(t.Context(), ollama.Request{Model: name, Messages: []ollama.Message{{Role: "user", Content: "Well?"}}, Options: options})
	require.NoError(t, err)
	require.NotEmpty(t, chat.Text)
	require.Contains(t, []string{"stop", "length"}, chat.Done)
	raw, err := c.Ask(t.Context(), ollama.Request{Model: name, Prompt: "Well?", TopLogprobs: 5, Options: options})
	require.NoError(t, err)
	require.Positive(t, raw.Tokens)
	require.Equal(t, 6, raw.PromptTokens, "five bytes after the token that begins a text")
	require.NotEmpty(t, raw.Logprobs)
	require.NotEmpty(t, raw.Logprobs[0].Top)
	require.Less(t, raw.Logprobs[0].Logprob, 0.0)
	_, err = c.Ask(t.Context(), ollama.Request{Model: "ragline-absent:1", Prompt: "Well?"})
	require.ErrorIs(t, err, ollama.ErrNotFound)
	_, err = c.Ask(t.Context(), ollama.Request{Model: name, Prompt: "Well?", TopLogprobs: 21})
	require.ErrorIs(t, err, ollama.ErrRefused)
}

// fails holds what comes as an error although its status says that all is well.
func fails(t *testing.T, c *ollama.Client, gguf string) {
	t.Helper()
	before, err := c.Models(t.Context())
	require.NoError(t, err)
	for what, spoil := range map[string]func(*ollama.CreateRequest){
		"a type that Ollama cannot make": func(r *ollama.CreateRequest) { r.Quantize = "q5_K_M" },
		"a template that is broken":      func(r *ollama.CreateRequest) { r.Template = "{{ range }" },
		"a name that is none":            func(r *ollama.CreateRequest) { r.Model = "ragline test" },
		"a file that is cut":             func(r *ollama.CreateRequest) { r.GGUF = cut(t, gguf) },
	} {
		r := request(gguf, "ragline-bad:1")
		spoil(&r)
		require.ErrorIs(t, c.Create(t.Context(), r, nil), ollama.ErrRefused, what)
	}
	after, err := c.Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing is half registered")
}

func cut(t *testing.T, gguf string) string {
	t.Helper()
	raw, err := os.ReadFile(gguf)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cut.gguf")
	require.NoError(t, os.WriteFile(path, raw[:len(raw)-5000], 0o600))
	return path
}

func TestQuantizesThroughOllama(t *testing.T) {
	t.Parallel()
	for which, host := range map[string]func(*testing.T) string{
		"fake": func(t *testing.T) string { t.Helper(); return ollamatest.New(t).URL },
		"real": func(t *testing.T) string { t.Helper(); return ollamatest.Start(t) },
	} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			c := client(t, host(t))
			r := request(ollamatest.TinyGGUF(t, 1), "ragline-test:1")
			for _, typ := range []string{"Q8_0", "Q4_K_M"} {
				r.Quantize = typ
				require.NoError(t, c.Create(t.Context(), r, nil))
				info, err := c.Show(t.Context(), r.Model)
				require.NoError(t, err)
				require.Equal(t, typ, info.Details.Quantization)
			}
		})
	}
}

func TestWhatIsThereIsNotUploadedAgain(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	c, gguf := client(t, s.URL), ollamatest.TinyGGUF(t, 1)
	require.NoError(t, c.Create(t.Context(), request(gguf, "ragline-test:1"), nil))
	require.NoError(t, c.Create(t.Context(), request(gguf, "ragline-test:2"), nil))
	require.Equal(t, 1, s.Calls("POST /api/blobs"))
}

func TestUnsafeRequestsAreNotSent(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	c, gguf := client(t, s.URL), ollamatest.TinyGGUF(t, 1)
	for what, spoil := range map[string]func(*ollama.CreateRequest){
		"no template":   func(r *ollama.CreateRequest) { r.Template = "" },
		"no stop words": func(r *ollama.CreateRequest) { r.Parameters = map[string]any{"num_ctx": 2048} },
		"no name":       func(r *ollama.CreateRequest) { r.Model = "" },
		"F32":           func(r *ollama.CreateRequest) { r.GGUF = ollamatest.TinyGGUF(t, 0) },
		"no GGUF":       func(r *ollama.CreateRequest) { r.GGUF = "ollama_test.go" },
	} {
		r := request(gguf, "ragline-test:1")
		spoil(&r)
		require.ErrorIs(t, c.Create(t.Context(), r, nil), ollama.ErrUnsafe, what)
	}
	require.Zero(t, s.Calls(""))
}

func TestErrorsAreTold(t *testing.T) {
	t.Parallel()
	gguf := ollamatest.TinyGGUF(t, 1)
	t.Run("a full disk while uploading", func(t *testing.T) {
		t.Parallel()
		s := ollamatest.New(t)
		s.Fail = func(r *http.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusInternalServerError, "write /models/blobs/sha256-1: no space left on device"
			}
			return 0, ""
		}
		require.ErrorIs(t, client(t, s.URL).Create(t.Context(), request(gguf, "ragline-test:1"), nil), ollama.ErrDiskFull)
	})
	t.Run("a full disk in a line under status 200", func(t *testing.T) {
		t.Parallel()
		s := ollamatest.New(t)
		s.CreateFails = "write /models/blobs/sha256-1: no space left on device"
		require.ErrorIs(t, client(t, s.URL).Create(t.Context(), request(gguf, "ragline-test:1"), nil), ollama.ErrDiskFull)
		require.Empty(t, s.Names())
	})
	t.Run("an answer that ends without success", func(t *testing.T) {
		t.Parallel()
		s := ollamatest.New(t)
		s.Fail = func(r *http.Request) (int, string) {
			if r.URL.Path == "/api/create" {
				return http.StatusOK, "" // one line, and it is no success
			}
			return 0, ""
		}
		require.ErrorIs(t, client(t, s.URL).Create(t.Context(), request(gguf, "ragline-test:1"), nil), ollama.ErrUnfinished)
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		s := ollamatest.New(t)
		c := client(t, s.URL)
		s.Close()
		_, err := c.Version(t.Context())
		require.ErrorIs(t, err, ollama.ErrUnreachable)
	})
	t.Run("it goes in the middle", func(t *testing.T) {
		t.Parallel()
		s := ollamatest.New(t)
		s.Fail = func(r *http.Request) (int, string) {
			if r.URL.Path == "/api/create" {
				panic(http.ErrAbortHandler)
			}
			return 0, ""
		}
		require.ErrorIs(t, client(t, s.URL).Create(t.Context(), request(gguf, "ragline-test:1"), nil), ollama.ErrUnreachable)
	})
}

func TestCanceledUploadEnds(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	var uploads atomic.Int32
	err := client(t, s.URL).Create(ctx, request(ollamatest.TinyGGUF(t, 1), "ragline-test:1"), func(p ollama.Progress) {
		if p.Status == "uploading" {
			uploads.Add(1)
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Positive(t, uploads.Load())
	require.Empty(t, s.Names())
}

func TestHostsInAllForms(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"": "http://127.0.0.1:11434", "gpu": "http://gpu:11434", "gpu:80": "http://gpu:80", "0.0.0.0": "http://127.0.0.1:11434",
		"http://gpu": "http://gpu:11434", "https://gpu/ollama/": "https://gpu:443/ollama", "[::1]:9": "http://[::1]:9",
	} {
		c, err := ollama.New(host)
		require.NoError(t, err)
		require.Equal(t, want, c.Host())
	}
	for _, host := range []string{"ftp://gpu", "http://a b"} {
		_, err := ollama.New(host)
		require.ErrorContains(t, err, "OLLAMA_HOST")
	}
}
