package kafka_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

func catalogue(t *testing.T) (*kgo.Client, string) {
	t.Helper()
	b := start(t, config(t.TempDir()))
	reach, err := broker.New(broker.Config{Brokers: []string{b.Addr()}, ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, reach.EnsureTopics(t.Context(), topic.All()...))
	kill(t, b)
	require.NoError(t, reach.EnsureTopics(t.Context(), topic.All()...))
	return client(t, b.Addr()), b.Addr()
}

func TestCatalogueKeepsItsRetentionThroughKill9(t *testing.T) {
	t.Parallel()
	cl, _ := catalogue(t)
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(t.Context(), topic.Queries, topic.AnswerChunks, topic.Documents)
	require.NoError(t, err)
	get := func(name, key string) string {
		c, err := configs.On(name, nil)
		require.NoError(t, err)
		for _, kv := range c.Configs {
			if kv.Key == key {
				return kv.MaybeValue()
			}
		}
		return ""
	}
	require.Equal(t, "-1", get(topic.Queries, "retention.ms"))
	require.Equal(t, "delete", get(topic.Queries, "cleanup.policy"))
	require.Equal(t, "86400000", get(topic.AnswerChunks, "retention.ms"))
	require.Equal(t, "compact", get(topic.Documents, "cleanup.policy"))
}

func TestRecordAboveTheTopicsLimitIsRefusedAndTheNextOneGoesThrough(t *testing.T) {
	t.Parallel()
	_, addr := catalogue(t)
	cl := client(t, addr, kgo.ProducerBatchMaxBytes(4<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))
	err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic.Spans, Value: bytes.Repeat([]byte("x"), 2<<20)}).FirstErr()
	require.ErrorIs(t, err, kerr.MessageTooLarge)
	produce(t, cl, topic.Spans, 0, 1)
}
