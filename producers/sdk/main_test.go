package sdk_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a log with its topics, a client, and a publisher that plays the agent.
type bundle struct {
	cluster *kfake.Cluster
	broker  *broker.Broker
	client  *sdk.Client
	agent   *broker.Publisher
}

func setup(t *testing.T) *bundle {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	b := &bundle{cluster: cluster}
	b.broker, err = broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, b.broker.EnsureTopics(t.Context(), topic.All()...))
	b.client = b.open(t, sdk.Config{})
	b.agent, err = b.broker.Publisher()
	require.NoError(t, err)
	t.Cleanup(b.agent.Close)
	return b
}

func (b *bundle) open(t *testing.T, cfg sdk.Config) *sdk.Client {
	t.Helper()
	client, err := sdk.Open(t.Context(), cfg, sdk.WithBroker(b.broker))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// reply is what the played agent publishes for a query.
type reply func(e event.Event, q *event.QueryAsked) []proto.Message

// answerQueries plays the agent until the test ends.
func (b *bundle) answerQueries(t *testing.T, reply reply) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.broker.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Queries}}, func(r event.Record) error {
			e, err := topic.Decode(r)
			if err != nil {
				return err
			}
			return b.publish(ctx, e, reply(e, e.Data.(*event.QueryAsked))...)
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// publish sends messages one after the other, in the name and the tenant of a cause.
func (b *bundle) publish(ctx context.Context, cause event.Event, messages ...proto.Message) error {
	for i, m := range messages {
		e := event.New("ragline/agent", m)
		e.ID, e.Tenant = event.DeriveID(cause.ID, "agent", i), cause.Tenant
		if err := b.agent.Publish(ctx, e); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func echo(e event.Event, q *event.QueryAsked) []proto.Message {
	return []proto.Message{answerTo(e, q, "You asked: "+q.GetText())}
}

func answerTo(e event.Event, q *event.QueryAsked, text string) *event.AnswerGiven {
	return &event.AnswerGiven{QueryId: e.ID, ThreadId: q.GetThreadId(), Text: text, Success: true, State: event.AnswerState_ANSWER_STATE_ANSWERED, Origin: q.GetOrigin()}
}

// last returns the newest event of a topic.
func (b *bundle) last(t *testing.T, name string) event.Event {
	t.Helper()
	var last event.Event
	err := b.broker.Follow(t.Context(), broker.FollowConfig{Topics: []string{name}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		last = e
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, last.ID, "%s is empty", name)
	return last
}
