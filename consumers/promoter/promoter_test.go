package promoter_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestFirstModelThatReachesTheFloorIsPromoted(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.judge()
	r.start()
	r.packaged("good")
	d := r.promoted("good")
	require.Equal(t, "ragline-default:good", d.GetServedName())
	require.Empty(t, d.GetFromVersion())

	gate := map[string]bool{}
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Interactions) {
		in := e.Data.(*event.InteractionCaptured)
		require.Equal(t, event.EnvironmentGate, in.GetOrigin().GetEnvironment())
		require.True(t, in.GetSelfTrainedModel())
		require.Equal(t, "grounded", in.GetPromptName())
		require.NotContains(t, in.GetQuestion(), "Context:")
		gate[in.GetTraceId()] = true
	}
	require.Len(t, gate, len(r.gold))
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Spans) {
		require.True(t, gate[e.Data.(*event.SpanEnded).GetTraceId()])
	}
	require.Eventually(t, func() bool { return slices.Contains(r.ollama.Names(), "ragline-default:latest") }, waitLong, tick)
}

func TestFirstModelBelowTheFloorIsRejected(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.judge()
	r.start()
	r.packaged("bad")
	d := r.rejected("bad")
	require.Equal(t, "below_floor", d.GetReason())
	require.Equal(t, "promoter", d.GetStage())
	require.Contains(t, d.GetMessage(), "RAGLINE_PROMOTER_FLOOR")
}

func TestModelIsComparedWithTheOneThatAnswers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.judge()
	r.start()
	r.packaged("good-1")
	r.promoted("good-1")
	r.packaged("bad")
	require.Equal(t, "worse_than_incumbent", r.rejected("bad").GetReason())
	r.packaged("good-2")
	require.Equal(t, "good-1", r.promoted("good-2").GetFromVersion())
	require.Equal(t, 3*len(r.gold), r.ollama.Calls("POST /api/chat"), "the incumbent's answers are in the log and not asked for again")

	evaluated := streamtest.Await(t, r.Broker, topic.Models, 1, func(e event.Event) bool {
		d, ok := e.Data.(*event.ModelEvaluated)
		return ok && d.GetVersion() == "good-2"
	})[0].Data.(*event.ModelEvaluated)
	require.Equal(t, "good-1", evaluated.GetIncumbent())
	require.InDelta(t, 1, evaluated.GetNotWorse()["grounding"], 0, "equal answers tie")
	require.EqualValues(t, len(r.gold), evaluated.GetQuestions())
	require.NotEmpty(t, evaluated.GetHeldoutSha256())
}

func TestOllamaThatIsAwayIsWaitedForAndMentionedOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	target, err := url.Parse(r.ollama.URL)
	require.NoError(t, err)
	var away atomic.Bool
	away.Store(true)
	proxy := httputil.NewSingleHostReverseProxy(target)
	transport := &http.Transport{DisableKeepAlives: true}
	proxy.Transport = transport
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		proxy.ServeHTTP(w, req)
	}))
	t.Cleanup(front.Close)
	cfg := r.config()
	cfg.Ollama = front.URL
	r.judge()
	streamtest.Start(t, r.open(cfg).Run)
	r.packaged("good")
	r.logs.await(t, "Ollama is away")
	away.Store(false)
	r.promoted("good")
	require.Equal(t, 1, r.logs.count("Ollama is away"))
}

func TestEvaluatorThatDoesNotRunIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start()
	r.packaged("good")
	r.logs.await(t, "waits for scores")
	r.judge()
	r.promoted("good")
	require.Equal(t, 1, r.logs.count("waits for scores"))
}

func TestHeldOutRowsThatWereChangedJudgeNobody(t *testing.T) {
	t.Parallel()
	r := setup(t)
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, "heldout.messages.jsonl"), []byte("{}\n"), 0o600))
	r.start()
	r.packaged("good")
	require.Equal(t, "dataset_hash_mismatch", r.rejected("good").GetReason())
	require.Zero(t, r.ollama.Calls("POST /api/chat"))

	require.NoError(t, os.Remove(filepath.Join(r.folder, "manifest.json")))
	r.packaged("good-2")
	d := r.rejected("good-2")
	require.Equal(t, "dataset_missing", d.GetReason())
	require.Contains(t, d.GetMessage(), "manifest.json")
}

func TestModelThatOllamaLostOrCannotRunIsRejected(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start()
	r.trained("lost")
	streamtest.Publish(t, r.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: "lost", ServedName: "ragline-default:lost", ParityPrompts: 1}))
	require.Equal(t, "model_missing", r.rejected("lost").GetReason())
}

func TestPackageWithoutProvenPromptsIsRejected(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start()
	streamtest.Publish(t, r.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: "v", ServedName: "ragline-default:v"}))
	require.Equal(t, "prompt_unproven", r.rejected("v").GetReason())
}

func TestVersionThatIsPackagedAgainAnswersAgain(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.judge()
	r.start()
	r.packaged("bad")
	r.rejected("bad")
	before := r.ollama.Calls("POST /api/chat")
	again := func(sha256 string) {
		streamtest.Publish(t, r.Broker, event.New("test", &event.ModelPackaged{
			Model: "default", Version: "bad", ServedName: "ragline-default:bad", ParityPrompts: 2, Sha256: sha256,
		}))
	}
	verdicts := func(n int) {
		streamtest.Await(t, r.Broker, topic.Models, n, func(e event.Event) bool { _, ok := e.Data.(*event.ModelRejected); return ok })
	}
	again("")
	verdicts(2)
	require.Equal(t, before, r.ollama.Calls("POST /api/chat"), "the same file has answered")
	again("other")
	verdicts(3)
	require.Equal(t, 2*before, r.ollama.Calls("POST /api/chat"))
}

func TestIncumbentThatFailsForAWhileIsStillComparedWith(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.packaged("good")
	streamtest.Publish(t, r.Broker, event.New("test", &event.ModelPromoted{Model: "default", Version: "good", ServedName: "ragline-default:good"}))
	var asked atomic.Int64
	var fails atomic.Bool
	fails.Store(true)
	r.ollama.Fail = func(req *http.Request) (int, string) { // the candidate is asked first
		if req.URL.Path == "/api/chat" && asked.Add(1) > int64(len(r.gold)) && fails.Load() {
			return http.StatusInternalServerError, "out of memory"
		}
		return 0, ""
	}
	cfg := r.config()
	cfg.Floor, cfg.Attempts = 0, 1
	r.judge()
	streamtest.Start(t, r.open(cfg).Run)
	r.packaged("bad")
	r.logs.await(t, "cannot be judged yet")
	fails.Store(false)
	require.Equal(t, "worse_than_incumbent", r.rejected("bad").GetReason())
}
