package main

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const packDir = "../../deploy/domain/jdjones"

// rig is the real agent with its server, on a fake Kafka, and command lines that reach them.
type rig struct {
	*streamtest.Cluster
	envFile string
}

// startAgent lets an agent answer from the demo's documents.
func startAgent(t *testing.T) *rig {
	t.Helper()
	pack, err := domain.Load(packDir)
	require.NoError(t, err)
	r := &rig{Cluster: streamtest.NewCluster(t), envFile: filepath.Join(t.TempDir(), "settings")}
	_, err = knowledge.Ingest(t.Context(), pack.DocumentsDir, r.Broker, knowledge.Options{Config: defaults[knowledge.Config](t)})
	require.NoError(t, err)

	cfg := defaults[agent.Config](t)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	a, err := agent.New(cfg, agent.Deps{Broker: r.Broker, Pack: pack, Store: checkpoint.NewMemory(), Logger: logger})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	streamtest.Start(t, a.Run)
	consumer, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(r.Broker), agent.Topics(), a.Handler())
	require.NoError(t, err)
	streamtest.Start(t, consumer.Run)

	server, err := api.New(defaults[api.Config](t), api.Deps{Graphs: []api.Graph{a.Served()}, Backend: a.Backend(), Logger: logger})
	require.NoError(t, err)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	settings := "RAGLINE_AGENT_API_ADDR=" + strings.TrimPrefix(listening.URL, "http://") +
		"\nKAFKA_BROKERS=" + strings.Join(r.Broker.Addrs(), ",") + "\nRAGLINE_DOMAIN_DIR=" + packDir + "\n"
	require.NoError(t, os.WriteFile(r.envFile, []byte(settings), 0o600))
	return r
}

func defaults[T any](t *testing.T) T {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[T](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	return cfg
}

// ask publishes a question on a thread and waits for its answer.
func (r *rig) ask(t *testing.T, thread, text string) string {
	t.Helper()
	q := event.New("test", &event.QueryAsked{Text: text, ThreadId: thread})
	streamtest.Publish(t, r.Broker, q)
	return streamtest.Await(t, r.Broker, topic.Answers, 1, answerOf(q.ID))[0].Data.(*event.AnswerGiven).GetText()
}

func answerOf(query string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Data.(*event.AnswerGiven).GetQueryId() == query }
}

// call runs a command line against the agent.
func (r *rig) call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return call(t, append(args, "--env-file", r.envFile)...)
}

// do runs a command line that must succeed.
func (r *rig) do(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := r.call(t, args...)
	require.Zero(t, code, "ragline %s\n%s%s", strings.Join(args, " "), out, errs)
	require.Empty(t, errs)
	return out
}

// refused runs a command line that must fail with a code, and returns why.
func (r *rig) refused(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, errs, got := r.call(t, args...)
	require.Equal(t, code, got, "ragline %s\n%s%s", strings.Join(args, " "), out, errs)
	require.Empty(t, out)
	return errs
}

func read[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}
