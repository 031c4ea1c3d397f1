package agent_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// rig is a fake Kafka with the demo pack's documents in it.
type rig struct {
	*streamtest.Cluster
	pack *domain.Pack
}

func setup(t testing.TB) *rig {
	t.Helper()
	pack, err := domain.Load("../../deploy/domain/jdjones")
	require.NoError(t, err)
	r := &rig{Cluster: streamtest.NewCluster(t), pack: pack}
	cfg, err := env.ParseAsWithOptions[knowledge.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	_, err = knowledge.Ingest(t.Context(), pack.DocumentsDir, r.Broker, knowledge.Options{Config: cfg})
	require.NoError(t, err)
	return r
}

// config returns the defaults with a store of the test's own.
func config(t testing.TB) agent.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[agent.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	cfg.DB = filepath.Join(t.TempDir(), "agent.db")
	return cfg
}

// open returns an agent that is closed with the test.
func (r *rig) open(t testing.TB, cfg agent.Config, deps agent.Deps) *agent.Agent {
	t.Helper()
	deps.Broker, deps.Pack = r.Broker, r.pack
	a, err := agent.New(cfg, deps)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// start runs an agent as the application does: its handler in a consumer group, and Run beside it.
func (r *rig) start(t *testing.T, cfg agent.Config) *agent.Agent {
	t.Helper()
	a := r.open(t, cfg, agent.Deps{})
	streamtest.Start(t, a.Run)
	c, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(r.Broker), agent.Topics(), a.Handler())
	require.NoError(t, err)
	streamtest.Start(t, c.Run)
	return a
}

func query(thread, text string) event.Event {
	return event.New("test", &event.QueryAsked{Text: text, ThreadId: thread, Origin: &event.Origin{UserId: "u", SessionId: "s", Tags: []string{"demo"}}})
}

// ask publishes queries and returns their answers, in the order of the queries.
func (r *rig) ask(t *testing.T, queries ...event.Event) []*event.AnswerGiven {
	t.Helper()
	streamtest.Publish(t, r.Broker, queries...)
	return r.answers(t, queries...)
}

func (r *rig) answers(t *testing.T, queries ...event.Event) []*event.AnswerGiven {
	t.Helper()
	byQuery := map[string]*event.AnswerGiven{}
	for _, q := range queries {
		byQuery[q.ID] = nil
	}
	streamtest.Await(t, r.Broker, topic.Answers, len(queries), func(e event.Event) bool {
		given := e.Data.(*event.AnswerGiven)
		if _, asked := byQuery[given.GetQueryId()]; !asked {
			return false
		}
		byQuery[given.GetQueryId()] = given
		return true
	})
	out := make([]*event.AnswerGiven, len(queries))
	for i, q := range queries {
		out[i] = byQuery[q.ID]
	}
	return out
}

// of returns the events of a topic that belong to a query, of one message type.
func of[T interface{ GetQueryId() string }](t *testing.T, r *rig, name, queryID string) []T {
	t.Helper()
	var out []T
	for _, e := range streamtest.ReadAll(t, r.Broker, name) {
		if m, ok := e.Data.(T); ok && m.GetQueryId() == queryID {
			out = append(out, m)
		}
	}
	return out
}

// deliver hands an event to the handler, as the runtime would.
func deliver(t *testing.T, a *agent.Agent, events ...event.Event) {
	t.Helper()
	for _, e := range events {
		require.NoError(t, a.Handler().Handle(context.WithoutCancel(t.Context()), e, nil))
	}
}
