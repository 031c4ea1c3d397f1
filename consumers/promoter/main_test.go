package promoter_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/ollama/ollama/api"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/evaluator"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/promoter"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is Kafka with a dataset of the demo pack, a fake Ollama, and the verified answers by prompt.
type rig struct {
	*streamtest.Cluster
	t      *testing.T
	pack   *domain.Pack
	ollama *ollamatest.Server
	ready  *event.DatasetReady
	folder string
	gold   map[string]string
	logs   *logs
}

func setup(t *testing.T) *rig {
	t.Helper()
	pack, err := domain.Load("../../deploy/domain/jdjones")
	require.NoError(t, err)
	r := &rig{Cluster: streamtest.NewCluster(t), t: t, pack: pack, ollama: ollamatest.New(t), gold: map[string]string{}, logs: &logs{said: make(chan struct{}, 1000)}}
	cfg, err := env.ParseAsWithOptions[dataset.Config](env.Options{Environment: map[string]string{
		"RAGLINE_DATASET_DIR": t.TempDir(), "RAGLINE_DATASET_HELDOUT": "0.4",
	}})
	require.NoError(t, err)
	b, err := dataset.New(cfg, r.Broker, pack, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r.ready, err = b.Build(t.Context(), false)
	require.NoError(t, err)
	r.folder = strings.TrimPrefix(r.ready.GetUri(), "file://")
	r.readGold()
	r.ollama.Reply = r.reply
	return r
}

func (r *rig) readGold() {
	f, err := os.Open(filepath.Join(r.folder, "heldout.messages.jsonl"))
	require.NoError(r.t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var row struct{ Messages []api.Message }
		require.NoError(r.t, json.Unmarshal(lines.Bytes(), &row))
		n := len(row.Messages)
		r.gold[row.Messages[n-2].Content] = row.Messages[n-1].Content
	}
	require.Greater(r.t, len(r.gold), 4)
}

// reply: versions that begin with "good" know the answers, others talk nonsense.
func (r *rig) reply(model string, messages []api.Message) string {
	if strings.Contains(model, ":good") {
		return r.gold[messages[len(messages)-1].Content]
	}
	return "Nineteen purple elephants ate 4711 sandwiches on the moon in 1834."
}

// packaged publishes what the trainer and the packager would.
func (r *rig) packaged(version string) {
	r.ollama.Register("ragline-default:" + version)
	r.trained(version)
	streamtest.Publish(r.t, r.Broker, event.New("test", &event.ModelPackaged{
		Model: "default", Version: version, ServedName: "ragline-default:" + version, ParityPrompts: 2,
	}))
}

func (r *rig) trained(version string) {
	streamtest.Publish(r.t, r.Broker, event.New("test", &event.ModelTrained{
		Model: "default", Version: version, JobId: "job-" + version, DatasetId: r.ready.GetDatasetId(),
		DatasetUri: r.ready.GetUri(), ManifestSha256: r.ready.GetManifestSha256(),
	}))
}

func (r *rig) config() promoter.Config {
	cfg, err := env.ParseAsWithOptions[promoter.Config](env.Options{Environment: map[string]string{
		"RAGLINE_PROMOTER_PATIENCE": "1s", "RAGLINE_PROMOTER_FLOOR": "0.6",
	}})
	require.NoError(r.t, err)
	cfg.Model, cfg.Ollama = "default", r.ollama.URL
	return cfg
}

func (r *rig) open(cfg promoter.Config) *promoter.Promoter {
	p, err := promoter.New(cfg, r.Broker, slog.New(r.logs))
	require.NoError(r.t, err)
	return p
}

func (r *rig) start() { streamtest.Start(r.t, r.open(r.config()).Run) }

// judge runs the real evaluator.
func (r *rig) judge() {
	cfg, err := env.ParseAsWithOptions[evaluator.Config](env.Options{Environment: map[string]string{}})
	require.NoError(r.t, err)
	h, err := evaluator.New(cfg, r.pack, slog.New(slog.DiscardHandler))
	require.NoError(r.t, err)
	c, err := stream.NewConsumer(streamtest.Config(r.t), streamtest.Deps(r.Broker), []string{topic.Interactions}, h)
	require.NoError(r.t, err)
	streamtest.Start(r.t, c.Run)
}

// decision waits for what becomes of a version.
func (r *rig) decision(version string) event.Event {
	return streamtest.Await(r.t, r.Broker, topic.Models, 1, func(e event.Event) bool {
		switch d := e.Data.(type) {
		case *event.ModelPromoted:
			return d.GetVersion() == version
		case *event.ModelRejected:
			return d.GetVersion() == version
		}
		return false
	})[0]
}

func (r *rig) rejected(version string) *event.ModelRejected {
	d, ok := r.decision(version).Data.(*event.ModelRejected)
	require.True(r.t, ok, "it was promoted")
	return d
}

func (r *rig) promoted(version string) *event.ModelPromoted {
	e := r.decision(version)
	d, ok := e.Data.(*event.ModelPromoted)
	require.True(r.t, ok, "%v", e.Data)
	return d
}

// logs keeps warnings and tells of each.
type logs struct {
	mu    sync.Mutex
	lines []string
	said  chan struct{}
}

func (l *logs) Enabled(context.Context, slog.Level) bool { return true }
func (l *logs) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logs) WithGroup(string) slog.Handler            { return l }
func (l *logs) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r.Message)
	l.said <- struct{}{}
	return nil
}

func (l *logs) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// await waits until a warning was given.
func (l *logs) await(t *testing.T, text string) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for l.count(text) == 0 {
		select {
		case <-l.said:
		case <-limit:
			t.Fatalf("nobody said %q", text)
		}
	}
}
