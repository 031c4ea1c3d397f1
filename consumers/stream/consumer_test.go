package stream_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func query(thread, text string) event.Event {
	return event.New("test", &event.QueryAsked{Text: text, ThreadId: thread})
}

// answer emits one answer for each query.
func answer(_ context.Context, e event.Event, q *event.QueryAsked, out stream.Emitter) error {
	out.Emit(&event.AnswerGiven{QueryId: e.ID, ThreadId: q.GetThreadId()})
	return nil
}

func TestEmittedEventsAreAckedBeforeTheOffsetIsCommitted(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1), streamtest.Topic(topic.Answers, 1))
	c, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(cluster.Broker), []string{topic.Queries}, stream.Route("agent", stream.On(answer)))
	require.NoError(t, err)
	stop := streamtest.Start(t, c.Run)
	asked := query("t1", "hello")
	asked.Tenant, asked.TraceParent = "acme", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	streamtest.Publish(t, cluster.Broker, asked)

	cluster.AwaitCommitted(t, "agent", topic.Queries, 0, 1)
	require.NoError(t, stop())
	answers := streamtest.ReadAll(t, cluster.Broker, topic.Answers)
	require.Len(t, answers, 1)
	require.Equal(t, event.DeriveID(asked.ID, "agent", 0), answers[0].ID)
	require.Equal(t, "ragline/agent", answers[0].Source)
	require.Equal(t, "acme", answers[0].Tenant)
	require.Equal(t, asked.TraceParent, answers[0].TraceParent)
	require.Equal(t, "t1", answers[0].Key)
}
