package broker

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup returns a fake Kafka without topics and the way to it.
func setup(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, *Broker) {
	t.Helper()
	fake, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(fake.Close)
	b, err := New(Config{Brokers: fake.ListenAddrs(), ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return fake, b
}

// withQueries is setup with a topic of one partition.
func withQueries(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, *Broker) {
	t.Helper()
	fake, b := setup(t, opts...)
	require.NoError(t, b.EnsureTopics(t.Context(), topicOf(topic.Queries, 1)))
	return fake, b
}

func topicOf(name string, partitions int32) topic.Topic {
	tp, _ := topic.Get(name)
	tp.Partitions = partitions
	return tp
}

func publisher(t *testing.T, b *Broker) *Publisher {
	t.Helper()
	p, err := b.Publisher()
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func query(text string) event.Event {
	return event.New("test", &event.QueryAsked{Text: text, ThreadId: "t"})
}
