package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// kafkaOf returns the way to the system's broker.
func (s *system) kafkaOf() *broker.Broker {
	s.t.Helper()
	b, err := broker.New(broker.Config{Brokers: []string{s.kafka}, ReplicationFactor: -1}, discard)
	require.NoError(s.t, err)
	return b
}

// readAll returns every record that a topic holds now.
func readAll(t *testing.T, b *broker.Broker, name string) []event.Record {
	t.Helper()
	var all []event.Record
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, b.Follow(ctx, broker.FollowConfig{Topics: []string{name}, Stop: true}, func(r event.Record) error {
		all = append(all, r)
		return nil
	}))
	require.NoError(t, ctx.Err(), "reading %s", name)
	return all
}

// answers counts the answer.given events of each query id.
func answers(t *testing.T, b *broker.Broker) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, r := range readAll(t, b, topic.Answers) {
		e, err := topic.Decode(r)
		require.NoError(t, err)
		count[e.Data.(*event.AnswerGiven).GetQueryId()]++
	}
	return count
}
