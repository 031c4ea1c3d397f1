package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gocloud.dev/blob"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// The test binary is also the worker, and the trainer that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "worker":
			os.Exit(standIn(os.Args[2]))
		case "trainer":
			os.Exit(trainerProcess(os.Args[2]))
		}
	}
	blob.DefaultURLMux().RegisterBucket("elsewhere", elsewhere{})
	goleak.VerifyTestMain(m)
}

func trainerProcess(path string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var given struct {
		Brokers []string
		Config  Config
		Real    bool // the worker is Python's
	}
	if err := file.ReadJSON(path, &given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	logger := slog.New(slog.DiscardHandler)
	b, err := broker.New(broker.Config{Brokers: given.Brokers, ReplicationFactor: -1}, logger)
	if err == nil {
		var t *Trainer
		if t, err = New(given.Config, b, logger); err == nil {
			if !given.Real {
				t.engine = &local{cfg: given.Config, logger: logger, python: []string{os.Args[0], "worker"}}
			}
			err = t.Run(ctx)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// bundle is a trainer with a dataset and a base, and a worker that only plays.
type bundle struct {
	*streamtest.Cluster
	cfg Config
}

func setup(t *testing.T, does behaviour) bundle {
	t.Helper()
	dir := t.TempDir()
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	cfg.BaseModel, cfg.Dir = filepath.Join(dir, "base"), filepath.Join(dir, "training")
	cfg.Method, cfg.Poll, cfg.ProgressEvery, cfg.Attempts = MethodLoRA, 10*time.Millisecond, 0, 20
	writeBase(t, cfg.BaseModel, tinyShapes(), `{"hidden_size":256,"intermediate_size":256,"num_hidden_layers":1,"vocab_size":512}`)
	b := bundle{streamtest.NewCluster(t, topic.All()...), cfg}
	b.behave(t, does)
	return b
}

func (b bundle) behave(t *testing.T, does behaviour) {
	t.Helper()
	require.NoError(t, writeJSON(filepath.Join(b.cfg.BaseModel, "behaviour.json"), does))
}

func (b bundle) trainer(t *testing.T) *Trainer {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	tr, err := New(b.cfg, b.Broker, logger)
	require.NoError(t, err)
	tr.engine = &local{cfg: b.cfg, logger: logger, python: []string{os.Args[0], "worker"}}
	return tr
}

// start runs a trainer until the end of the test, or the call of stop.
func (b bundle) start(t *testing.T) (stop func() error) {
	t.Helper()
	return streamtest.Start(t, b.trainer(t).Run)
}

// dataset writes one and returns its announcement.
func dataset(t *testing.T, id string, rows int) *event.DatasetReady {
	t.Helper()
	dir := t.TempDir()
	line := `{"id":"a","messages":[{"role":"user","content":"Which limit holds?"},{"role":"assistant","content":"100 ppmv [a]."}]}` + "\n"
	content := []byte(strings.Repeat(line, rows))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train.messages.jsonl"), content, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "heldout.messages.jsonl"), []byte(line), 0o600))
	manifest, err := json.Marshal(map[string]any{"dataset_id": id, "files": []datasetFile{
		{"train.messages.jsonl", "messages", "train", int64(rows), int64(len(content)), hexSum(content)},
		{"heldout.messages.jsonl", "messages", "heldout", 1, int64(len(line)), hexSum([]byte(line))},
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o600))
	return &event.DatasetReady{DatasetId: id, Name: "default", Uri: "file://" + filepath.ToSlash(dir), ManifestSha256: hexSum(manifest)}
}

func (b bundle) announce(t *testing.T, d *event.DatasetReady) {
	t.Helper()
	streamtest.Publish(t, b.Broker, newEvent(d))
}

func (b bundle) job(t *testing.T, d *event.DatasetReady) Job {
	t.Helper()
	j, err := NewJob(b.cfg, d)
	require.NoError(t, err)
	return j
}

// await returns the first event of a kind about a job, with all events of its topic up to then.
func await[T interface{ GetJobId() string }](t *testing.T, b bundle, j Job) T {
	t.Helper()
	var found T
	streamtest.Await(t, b.Broker, topic.Training, 1, func(e event.Event) bool {
		data, ok := e.Data.(T)
		if ok && data.GetJobId() == j.ID {
			found = data
			return true
		}
		return false
	})
	return found
}

// events of a kind on a topic.
func events[T any](t *testing.T, b bundle, name string) []T {
	t.Helper()
	var list []T
	for _, e := range streamtest.ReadAll(t, b.Broker, name) {
		if data, ok := e.Data.(T); ok {
			list = append(list, data)
		}
	}
	return list
}

// awaitModel waits until the job's model is announced.
func (b bundle) awaitModel(t *testing.T, j Job) {
	t.Helper()
	streamtest.Await(t, b.Broker, topic.Models, 1, func(e event.Event) bool {
		m, ok := e.Data.(*event.ModelTrained)
		return ok && m.GetJobId() == j.ID
	})
}

func tinyShapes() map[string][]int64 {
	return map[string][]int64{
		"model.embed_tokens.weight":              {512, 256},
		"model.layers.0.self_attn.q_proj.weight": {256, 256},
		"lm_head.weight":                         {512, 256},
	}
}
