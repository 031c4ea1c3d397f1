package packager

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/schemas/event"
)

// expected is what PEFT says of a prompt.
type expected struct {
	Tokens   int                `json:"tokens"`
	Logprobs map[string]float64 `json:"logprobs"`
}

// TestServedModelSaysWhatPEFTSays compares the first token's probabilities: PEFT on base and adapter on one side, all
// of merging, converting, quantizing and serving on the other.
func TestServedModelSaysWhatPEFTSays(t *testing.T) {
	t.Parallel()
	python := trainerPython(t)
	host := ollamatest.Start(t)
	base := tinyBase(t)
	for _, dora := range []bool{false, true} {
		trained := tinyAdapter(t, base, dora)
		a, err := readAdapter(trained)
		require.NoError(t, err)
		want := peft(t, python, base, a)
		p := newPackager(t, config(t, host), nil)
		for quantization, bound := range map[string]float64{"f16": .01, "q8_0": .05, "q4_k_m": .3} {
			worst := 0.0
			packaged, err := p.Package(t.Context(), trained, Options{Quantization: quantization})
			require.NoError(t, err)
			for i, line := range a.parity {
				worst = max(worst, distance(t, p, packaged, line.Prompt, want[i]))
			}
			t.Logf("%s %s: the log-probabilities of the 20 likeliest tokens differ by at most %.4f", trained.GetMethod(), quantization, worst)
			require.Less(t, worst, bound, "%s %s", trained.GetMethod(), quantization)
			require.Positive(t, worst)
		}
	}
}

// distance is the largest difference over the tokens that the server names.
func distance(t *testing.T, p *Packager, packaged *event.ModelPackaged, prompt string, want expected) float64 {
	t.Helper()
	got, err := p.ollama.Ask(t.Context(), ollama.Request{
		Model: packaged.GetServedName(), Prompt: prompt, TopLogprobs: 20, Options: map[string]any{"num_predict": 1, "temperature": 0},
	})
	require.NoError(t, err)
	require.Equal(t, want.Tokens, got.PromptTokens, "the server reads the prompt as the same tokens, with one that begins it")
	require.NotEmpty(t, got.Logprobs)
	require.Len(t, got.Logprobs[0].Top, 20)
	worst, known := 0.0, 0
	for _, top := range got.Logprobs[0].Top {
		logprob, ok := want.Logprobs[top.Token]
		if ok {
			known++
			worst = max(worst, math.Abs(logprob-top.Logprob))
		}
	}
	require.Equal(t, 20, known, "%v", got.Logprobs[0].Top)
	return worst
}

func peft(t *testing.T, python, base string, a adapter) []expected {
	t.Helper()
	var prompts bytes.Buffer
	for _, line := range a.parity {
		require.NoError(t, json.NewEncoder(&prompts).Encode(line.Prompt))
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "testdata/logprobs.py", base, a.dir)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	cmd.Stdin = &prompts
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	require.NoError(t, err, errors.String())
	var all []expected
	for line := range strings.Lines(string(out)) {
		var e expected
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		all = append(all, e)
	}
	require.Len(t, all, len(a.parity))
	return all
}

// trainerPython is the interpreter of the trainer's environment, where it was made.
func trainerPython(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RAGLINE_TRAINER_ENV")
	if dir == "" {
		cache, err := os.UserCacheDir()
		require.NoError(t, err)
		lock, err := os.ReadFile("../trainer/python/requirements.lock")
		require.NoError(t, err)
		sum := sha256.Sum256(lock)
		dir = filepath.Join(cache, "ragline", "trainer-"+hex.EncodeToString(sum[:])[:12])
	}
	python := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skipf("there is no training environment at %s: make it with `make trainer-env`", dir)
	}
	return python
}
