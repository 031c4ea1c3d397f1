package packager

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/schemas/event"
)

// TestEveryMethodAndQuantizationIsServed runs the whole way on a real Ollama.
func TestEveryMethodAndQuantizationIsServed(t *testing.T) {
	t.Parallel()
	host := ollamatest.Start(t)
	for dora, quantizations := range map[bool][]string{false: {"q4_k_m", "q4_0"}, true: {"q8_0", "f16"}} {
		trained := tinyAdapter(t, tinyBase(t), dora)
		p := newPackager(t, config(t, host), nil)
		for _, quantization := range quantizations {
			packaged, err := p.Package(t.Context(), trained, Options{Quantization: quantization})
			require.NoError(t, err, "%s %s", trained.GetMethod(), quantization)
			require.Equal(t, quantization, packaged.GetQuantization())
			require.Equal(t, "ragline-default:0123456789ab", packaged.GetServedName())
			require.EqualValues(t, 3, packaged.GetParityPrompts())
			info, err := p.ollama.Show(t.Context(), packaged.GetServedName())
			require.NoError(t, err)
			require.Equal(t, strings.ToUpper(quantization), info.Details.Quantization)
			require.Equal(t, hexSHA256(info.Template), packaged.GetTemplateSha256())
			models, err := p.ollama.Models(t.Context())
			require.NoError(t, err)
			require.Len(t, models, 1, "nothing but the served name stays")
			answer, err := p.ollama.Ask(t.Context(), ollama.Request{
				Model: packaged.GetServedName(), Messages: []ollama.Message{{Role: "user", Content: "Well?"}}, Options: map[string]any{"num_predict": 4},
			})
			require.NoError(t, err)
			require.NotEmpty(t, answer.Text)
		}
	}
}

func TestPackageHoldsWhatTrainingHad(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	p := newPackager(t, config(t, s.URL), nil)
	packaged, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	path, err := folderOf(packaged.GetUri())
	require.NoError(t, err)
	sum, err := file.SHA256(path)
	require.NoError(t, err)
	require.Equal(t, packaged.GetSha256(), sum)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, packaged.GetBytes(), info.Size())

	g, err := gguf.Open(path)
	require.NoError(t, err)
	defer g.Close()
	require.Equal(t, template, g.Value("tokenizer.chat_template"), "the template in the file is that of training")
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "Modelfile"))
	require.NoError(t, err)
	require.Contains(t, string(text), "FROM ./model-q8_0.gguf\n")
	require.Contains(t, string(text), "PARAMETER num_ctx 2048\n")
	require.Equal(t, []string{"ragline-default:0123456789ab"}, s.Names())
	require.NoFileExists(t, filepath.Join(filepath.Dir(path), "model-f16.gguf"), "what can be made again is not kept")
}

func TestWhatIsFinishedIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	p := newPackager(t, config(t, s.URL), nil)
	first, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	var steps []string
	p.reached = func(step string) { steps = append(steps, step) }
	second, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, []string{"created", "proven", "named"}, steps)
	require.Equal(t, 1, s.Calls("POST /api/blobs"))
}

func TestAnotherAdapterBeginsAnew(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	base := tinyBase(t)
	p := newPackager(t, config(t, s.URL), nil)
	lora, err := p.Package(t.Context(), tinyAdapter(t, base, false), Options{})
	require.NoError(t, err)
	dora, err := p.Package(t.Context(), tinyAdapter(t, base, true), Options{})
	require.NoError(t, err)
	require.NotEqual(t, lora.GetSha256(), dora.GetSha256())
}

func TestAFileThatWentWrongOnDiskIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	p := newPackager(t, config(t, s.URL), nil)
	first, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	path, err := folderOf(first.GetUri())
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 5000))
	second, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	require.Equal(t, first.GetSha256(), second.GetSha256())
}

func TestWhereNothingMakesTheQuantizationAnotherIsMade(t *testing.T) {
	t.Parallel()
	trained := tinyAdapter(t, tinyBase(t), false)
	cfg := config(t, "")
	cfg.Ollama, cfg.Quantization = OllamaOff, "q4_k_m"
	p := newPackager(t, cfg, nil)
	packaged, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	require.Equal(t, "q8_0", packaged.GetQuantization())
	require.Empty(t, packaged.GetServedName())
	require.Zero(t, packaged.GetParityPrompts())
	_, err = p.Package(t.Context(), trained, Options{Quantization: "q5_k_m"})
	require.Equal(t, ReasonQuantization, reason(t, err), "what is asked for by command is made, or nothing")

	// The fake has no files on this machine, like an Ollama elsewhere.
	s := ollamatest.New(t)
	cfg.Ollama, cfg.OllamaHost = OllamaOn, s.URL
	packaged, err = newPackager(t, cfg, nil).Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	require.Equal(t, "q8_0", packaged.GetQuantization())
	require.Equal(t, []string{"ragline-default:0123456789ab"}, s.Names())
}

func TestAutoPackagesWithoutOllamaAndOnDoesNot(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	cfg := config(t, s.URL)
	s.Close()
	trained := tinyAdapter(t, tinyBase(t), false)
	_, err := newPackager(t, cfg, nil).Package(t.Context(), trained, Options{})
	require.Equal(t, ReasonOllamaUnreachable, reason(t, err))
	require.ErrorContains(t, err, "RAGLINE_PACKAGER_OLLAMA=off")
	cfg.Ollama = OllamaAuto
	packaged, err := newPackager(t, cfg, nil).Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	require.Empty(t, packaged.GetServedName())
	require.FileExists(t, filepath.Join(string(cfg.folder("default", "0123456789ab")), "Modelfile"))
}

func reason(t *testing.T, err error) string {
	t.Helper()
	var f *Failure
	require.ErrorAs(t, err, &f)
	return f.Reason
}

// TestEveryFailureHasItsReasonAndLeavesNothingInOllama spoils one thing at a time.
func TestEveryFailureHasItsReasonAndLeavesNothingInOllama(t *testing.T) {
	t.Parallel()
	base := tinyBase(t)
	answering := func(path, text string) func(*http.Request) (int, string) {
		return func(r *http.Request) (int, string) {
			if strings.HasPrefix(r.URL.Path, path) && r.Method == http.MethodPost {
				return http.StatusInternalServerError, text
			}
			return 0, ""
		}
	}
	for want, spoil := range map[string]func(t *testing.T, s *ollamatest.Server, dir string, e *event.ModelTrained){
		ReasonPromptDiffers: func(t *testing.T, _ *ollamatest.Server, dir string, _ *event.ModelTrained) {
			t.Helper()
			putParity(t, dir, 2, func(p string) string { return strings.Replace(p, "<|eot_id|>", "<|eot_id|>\n", 1) })
		},
		ReasonNoAnswer: func(_ *testing.T, s *ollamatest.Server, _ string, _ *event.ModelTrained) { s.Answer = "" },
		ReasonTemplateUnknown: func(t *testing.T, _ *ollamatest.Server, dir string, _ *event.ModelTrained) {
			t.Helper()
			putJSON(t, dir, trainingFile, training{BasePath: base, TemplateStyle: "vicuna"})
		},
		ReasonAdapterChanged: func(_ *testing.T, _ *ollamatest.Server, _ string, e *event.ModelTrained) { e.AdapterSha256 = "00" },
		ReasonAdapterMissing: func(_ *testing.T, _ *ollamatest.Server, _ string, e *event.ModelTrained) {
			e.AdapterUri = "file:///nonexistent"
		},
		ReasonBaseMissing: func(t *testing.T, _ *ollamatest.Server, dir string, _ *event.ModelTrained) {
			t.Helper()
			putJSON(t, dir, trainingFile, training{BasePath: "/nonexistent", TemplateStyle: "llama3"})
		},
		ReasonGGUFInvalid: func(t *testing.T, _ *ollamatest.Server, dir string, _ *event.ModelTrained) {
			t.Helper()
			var tokenizer map[string]any
			require.NoError(t, file.ReadJSON(filepath.Join(dir, "tokenizer.json"), &tokenizer))
			tokenizer["model"].(map[string]any)["merges"] = []string{}
			putJSON(t, dir, "tokenizer.json", tokenizer)
		},
		ReasonNotFinite: func(t *testing.T, _ *ollamatest.Server, dir string, e *event.ModelTrained) {
			t.Helper()
			path := filepath.Join(dir, weightsFile)
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			raw[len(raw)-2], raw[len(raw)-1] = 0xc0, 0x7f // a bf16 that is no number
			require.NoError(t, os.WriteFile(path, raw, 0o600))
			e.AdapterSha256, err = file.SHA256(path)
			require.NoError(t, err)
		},
		ReasonMergeRefused: func(t *testing.T, _ *ollamatest.Server, dir string, _ *event.ModelTrained) {
			t.Helper()
			putJSON(t, dir, "adapter_config.json", map[string]any{"peft_type": "PROMPT_TUNING"})
		},
		ReasonOllamaDiskFull: func(_ *testing.T, s *ollamatest.Server, _ string, _ *event.ModelTrained) {
			s.Fail = answering("/api/blobs/", "write blob: no space left on device")
		},
		ReasonOllamaRefused: func(_ *testing.T, s *ollamatest.Server, _ string, _ *event.ModelTrained) {
			s.CreateFails = "the model is of a kind that nobody knows"
		},
		ReasonOllamaUnreachable: func(_ *testing.T, s *ollamatest.Server, _ string, _ *event.ModelTrained) {
			s.Fail = func(r *http.Request) (int, string) {
				if r.URL.Path == "/api/create" {
					panic(http.ErrAbortHandler)
				}
				return 0, ""
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := ollamatest.New(t)
			trained := tinyAdapter(t, base, false)
			dir, err := folderOf(trained.GetAdapterUri())
			require.NoError(t, err)
			spoil(t, s, dir, trained)
			_, err = newPackager(t, config(t, s.URL), nil).Package(t.Context(), trained, Options{})
			require.Equal(t, want, reason(t, err), "%v", err)
			var f *Failure
			require.ErrorAs(t, err, &f)
			require.NotEmpty(t, f.Advice)
			require.Empty(t, s.Names())
		})
	}
}

func TestTheFirstDifferenceIsShown(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	s.Corrupt = func(p string) string { return strings.Replace(p, "— 1?", "- 1?", 1) }
	trained := tinyAdapter(t, tinyBase(t), false)
	_, err := newPackager(t, config(t, s.URL), nil).Package(t.Context(), trained, Options{})
	require.ErrorContains(t, err, "prompt 2 of 3")
	require.ErrorContains(t, err, "How many ")
	require.Equal(t, ReasonPromptDiffers, reason(t, err))
}

func TestARejectedRepeatLeavesTheServedModel(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	p := newPackager(t, config(t, s.URL), nil)
	_, err := p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
	s.Answer = ""
	_, err = p.Package(t.Context(), trained, Options{Quantization: "f16"})
	require.Equal(t, ReasonNoAnswer, reason(t, err))
	require.Equal(t, []string{"ragline-default:0123456789ab"}, s.Names())
}

// TestAFullDiskIsAReasonAndTheNextTryFinishes has the Modelfile go where nothing fits.
func TestAFullDiskIsAReasonAndTheNextTryFinishes(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no " + full)
	}
	s := ollamatest.New(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	cfg := config(t, s.URL)
	p := newPackager(t, cfg, nil)
	part := cfg.folder("default", "0123456789ab").modelfile() + ".part"
	p.reached = func(step string) {
		if step == "made q8_0" {
			require.NoError(t, os.Symlink(full, part))
		}
	}
	_, err := p.Package(t.Context(), trained, Options{})
	require.Equal(t, ReasonDiskFull, reason(t, err))
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.True(t, f.Passing())
	require.Zero(t, s.Calls("POST"))
	require.NoError(t, os.Remove(part))
	_, err = p.Package(t.Context(), trained, Options{})
	require.NoError(t, err)
}

func TestLlamaCPPThatIsNotThereIsNoFaultOfTheAdapter(t *testing.T) {
	t.Parallel()
	cfg := config(t, "")
	cfg.Ollama, cfg.LlamaCPP = OllamaOff, t.TempDir()
	_, err := newPackager(t, cfg, nil).Package(t.Context(), tinyAdapter(t, tinyBase(t), false), Options{})
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, ReasonToolMissing, f.Reason)
	require.Contains(t, f.Error(), "LLAMA_CPP_PATH")
}

func TestSilenceIsAnAnswerThatEndedWithoutAWord(t *testing.T) {
	t.Parallel()
	for _, a := range []ollama.Answer{{}, {Done: "stop", Tokens: 1}, {Done: "stop", Text: "\n\n", Tokens: 3}} {
		require.True(t, silent(a), "%+v", a)
	}
	for _, a := range []ollama.Answer{{Done: "length", Tokens: 16}, {Text: "\n\n\n"}, {Done: "stop", Text: "Yes.", Tokens: 2}} {
		require.False(t, silent(a), "%+v", a)
	}
}
