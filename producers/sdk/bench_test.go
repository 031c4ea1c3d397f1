package sdk_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// BenchmarkAsk is a question to an agent that answers at once: two trips through the log.
func BenchmarkAsk(b *testing.B) {
	b.ReportAllocs()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(b, err)
	defer cluster.Close()
	kafka, err := broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	require.NoError(b, kafka.EnsureTopics(b.Context(), topic.All()...))
	agent, err := kafka.Publisher()
	require.NoError(b, err)
	defer agent.Close()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() {
		done <- kafka.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Queries}}, func(r event.Record) error {
			e, err := topic.Decode(r)
			if err != nil {
				return err
			}
			return agent.Publish(ctx, event.New("agent", answer(e)))
		})
	}()
	client, err := sdk.Open(ctx, sdk.Config{}, sdk.WithBroker(kafka))
	require.NoError(b, err)
	defer func() {
		require.NoError(b, client.Close())
		cancel()
		<-done
	}()
	for b.Loop() {
		if _, err := client.Ask(ctx, sdk.Question{Text: "What leak does API 624 accept?"}); err != nil {
			b.Fatal(err)
		}
	}
}

func answer(e event.Event) proto.Message {
	return &event.AnswerGiven{QueryId: e.ID, ThreadId: e.Key, Text: "At most 100 ppmv."}
}
