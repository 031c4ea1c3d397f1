package packager

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// start runs a packager until the test ends.
func start(t *testing.T, p *Packager) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// runAll runs what a packager does once it knows the whole topic, and ends.
func runAll(t *testing.T, p *Packager) {
	t.Helper()
	publisher, err := p.broker.Publisher()
	require.NoError(t, err)
	defer publisher.Close()
	w := worker{Packager: p, publisher: publisher, models: registry.New(), said: map[string]bool{}}
	for _, e := range streamtest.ReadAll(t, p.broker, topic.Models) {
		w.models.Take(e)
	}
	require.NoError(t, w.packageAll(t.Context()))
}

// lines hands on what is logged.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func packagedAs(name string) func(event.Event) bool {
	return func(e event.Event) bool {
		d, ok := e.Data.(*event.ModelPackaged)
		return ok && d.GetServedName() == name
	}
}

func rejectedFor(reason string) func(event.Event) bool {
	return func(e event.Event) bool {
		d, ok := e.Data.(*event.ModelRejected)
		return ok && d.GetReason() == reason
	}
}

const served = "ragline-default:0123456789ab"

func TestTrainedIsPackagedOnceThoughToldTwice(t *testing.T) {
	t.Parallel()
	s, b := ollamatest.New(t), streamtest.NewCluster(t)
	trained := tinyAdapter(t, tinyBase(t), false)
	e := event.New("test", trained)
	streamtest.Publish(t, b.Broker, e, e)
	p := newPackager(t, config(t, s.URL), b.Broker)
	start(t, p)
	streamtest.Await(t, b.Broker, topic.Models, 1, packagedAs(served))
	runAll(t, newPackager(t, p.cfg, b.Broker))
	require.Len(t, ofType[*event.ModelPackaged](t, b), 1)
}

func TestAModelThatIsWrongIsRejectedOnceAndTheNextIsPackaged(t *testing.T) {
	t.Parallel()
	s, b := ollamatest.New(t), streamtest.NewCluster(t)
	base := tinyBase(t)
	wrong, right := tinyAdapter(t, base, false), tinyAdapter(t, base, false)
	dir, err := folderOf(wrong.GetAdapterUri())
	require.NoError(t, err)
	putParity(t, dir, 1, func(p string) string { return "Once: " + p })
	wrong.Version = "aaaaaaaaaaaa"
	streamtest.Publish(t, b.Broker, event.New("test", wrong), event.New("test", right))
	p := newPackager(t, config(t, s.URL), b.Broker)
	start(t, p)
	streamtest.Await(t, b.Broker, topic.Models, 1, packagedAs(served))
	runAll(t, newPackager(t, p.cfg, b.Broker))
	rejected := ofType[*event.ModelRejected](t, b)
	require.Len(t, rejected, 1)
	require.Equal(t, "packager", rejected[0].GetStage())
	require.Equal(t, ReasonPromptDiffers, rejected[0].GetReason())
	require.Contains(t, rejected[0].GetMessage(), `at byte 0: training has "Once: `)
	require.Equal(t, []string{served}, s.Names())
}

func TestOllamaThatComesLaterGetsTheModel(t *testing.T) {
	t.Parallel()
	s, b := ollamatest.New(t), streamtest.NewCluster(t)
	var there atomic.Bool
	s.Fail = func(*http.Request) (int, string) {
		if !there.Load() {
			return http.StatusServiceUnavailable, "starting"
		}
		return 0, ""
	}
	streamtest.Publish(t, b.Broker, event.New("test", tinyAdapter(t, tinyBase(t), false)))
	cfg := config(t, s.URL)
	cfg.Ollama = OllamaAuto
	p, said := newPackager(t, cfg, b.Broker), make(chan string, 100)
	p.logger = slog.New(slog.NewTextHandler(lines(said), nil))
	start(t, p)
	streamtest.Await(t, b.Broker, topic.Models, 1, packagedAs(""))
	require.Contains(t, <-said, "wait for Ollama")
	there.Store(true)
	streamtest.Await(t, b.Broker, topic.Models, 1, packagedAs(served))
	require.Empty(t, ofType[*event.ModelRejected](t, b))
}

func TestAFullDiskIsToldOnceAndTheModelFollows(t *testing.T) {
	t.Parallel()
	s, b := ollamatest.New(t), streamtest.NewCluster(t)
	var tries atomic.Int32
	s.Fail = func(r *http.Request) (int, string) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/create" && tries.Add(1) <= 3 {
			return http.StatusInternalServerError, "writing the manifest: no space left on device"
		}
		return 0, ""
	}
	streamtest.Publish(t, b.Broker, event.New("test", tinyAdapter(t, tinyBase(t), false)))
	start(t, newPackager(t, config(t, s.URL), b.Broker))
	streamtest.Await(t, b.Broker, topic.Models, 1, rejectedFor(ReasonOllamaDiskFull))
	streamtest.Await(t, b.Broker, topic.Models, 1, packagedAs(served))
	require.Len(t, ofType[*event.ModelRejected](t, b), 1)
	require.Equal(t, []string{served}, s.Names())
}

func TestByCommandAVersionIsFoundByItsBeginning(t *testing.T) {
	t.Parallel()
	b := streamtest.NewCluster(t)
	base := tinyBase(t)
	first, second := tinyAdapter(t, base, false), tinyAdapter(t, base, true)
	second.Version = "0987654321ab"
	streamtest.Publish(t, b.Broker, event.New("test", first), event.New("test", second))
	cfg := config(t, "")
	cfg.Ollama = OllamaOff
	p := newPackager(t, cfg, b.Broker)
	newest, err := p.Now(t.Context(), "default", Options{})
	require.NoError(t, err)
	require.Equal(t, second.GetVersion(), newest.GetVersion())
	var steps []string
	named, err := p.Now(t.Context(), "default:0123", Options{Quantization: "f16", Progress: func(step string, _, _ int64) { steps = append(steps, step) }})
	require.NoError(t, err)
	require.Equal(t, first.GetVersion(), named.GetVersion())
	require.Subset(t, steps, []string{"merging", "converting", "verifying"})
	_, err = p.Now(t.Context(), "default:0123", Options{Quantization: "f16"})
	require.NoError(t, err)
	require.Len(t, ofType[*event.ModelPackaged](t, b), 3, "a command is told, though it repeats what was told")
	_, err = p.Now(t.Context(), "default:0", Options{})
	require.ErrorIs(t, err, registry.ErrUnknown, "two begin like this")
	_, err = p.Now(t.Context(), "other", Options{})
	require.ErrorIs(t, err, registry.ErrUnknown)
}

func TestTheVersionThatAnswersKeepsTheQuantizationThatWasJudged(t *testing.T) {
	t.Parallel()
	b := streamtest.NewCluster(t)
	cfg := config(t, "")
	cfg.Ollama, cfg.Quantization = OllamaOff, "f16"
	p := newPackager(t, cfg, b.Broker)
	trained := tinyAdapter(t, tinyBase(t), false)
	streamtest.Publish(t, b.Broker, event.New("test", trained),
		event.New("test", &event.ModelPackaged{Model: "default", Version: trained.GetVersion(), Quantization: "q8_0", ServedName: served}),
		event.New("test", &event.ModelPromoted{Model: "default", Version: trained.GetVersion(), ServedName: served}))
	_, err := p.Now(t.Context(), "default", Options{Quantization: "f16"})
	require.ErrorIs(t, err, ErrAnswers)
	again, err := p.Now(t.Context(), "default", Options{})
	require.NoError(t, err)
	require.Equal(t, "q8_0", again.GetQuantization())
}

// TestStateOfAModel folds stories: what is left to do after each.
func TestStateOfAModel(t *testing.T) {
	t.Parallel()
	trained := &event.ModelTrained{Model: "default", Version: "1", AdapterSha256: "a"}
	rejected := func(stage, reason string) *event.ModelRejected {
		return &event.ModelRejected{Model: "default", Version: "1", Stage: stage, Reason: reason}
	}
	packaged := func(name string) *event.ModelPackaged {
		return &event.ModelPackaged{Model: "default", Version: "1", ServedName: name}
	}
	for name, c := range map[string]struct {
		story             []proto.Message
		pending, unserved int
	}{
		"trained":                        {[]proto.Message{trained}, 1, 0},
		"packaged and served":            {[]proto.Message{trained, packaged("x")}, 0, 0},
		"packaged, not served":           {[]proto.Message{trained, packaged("")}, 0, 1},
		"rejected for good":              {[]proto.Message{trained, rejected("packager", ReasonPromptDiffers)}, 0, 0},
		"rejected for now":               {[]proto.Message{trained, rejected("packager", ReasonDiskFull)}, 1, 0},
		"rejected, then packaged":        {[]proto.Message{trained, rejected("packager", ReasonPromptDiffers), packaged("")}, 0, 1},
		"not served, and then rejected":  {[]proto.Message{trained, packaged(""), rejected("packager", ReasonPromptDiffers)}, 0, 0},
		"not served, and the disk full":  {[]proto.Message{trained, packaged(""), rejected("packager", ReasonDiskFull)}, 0, 1},
		"rejected by the promoter":       {[]proto.Message{trained, packaged(""), rejected("promoter", "x")}, 0, 0},
		"promoted":                       {[]proto.Message{trained, &event.ModelPromoted{Model: "default", Version: "1"}}, 0, 0},
		"an older one that is not there": {[]proto.Message{trained, packaged(""), &event.ModelTrained{Model: "default", Version: "2"}}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := registry.New()
			for _, d := range c.story {
				r.Take(event.New("test", d))
			}
			require.Len(t, pending(r), c.pending)
			require.Len(t, unserved(r), c.unserved)
		})
	}
}
