package agent

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// idsOnly is an outbox that is too large to load.
type idsOnly struct{ checkpoint.Outbox }

func (idsOnly) Unsent(context.Context, int64, int) ([]checkpoint.Message, error) {
	return nil, errors.New("out of memory")
}

func TestReadingBackLoadsNoValues(t *testing.T) {
	t.Parallel()
	kafka := streamtest.NewCluster(t)
	store := checkpoint.NewMemory()
	m, err := newMetrics(prometheus.NewRegistry(), newSchedule(1, 0))
	require.NoError(t, err)
	o := newOutbox(idsOnly{store}, kafka.Broker, newCrew(store, time.Minute), slog.New(slog.DiscardHandler), m)
	require.NoError(t, o.readBack(t.Context())) // notes the ends

	_, err = store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "r"}})
	require.NoError(t, err)
	var messages []checkpoint.Message
	for _, id := range []string{"published", "lost", "elsewhere"} {
		messages = append(messages, checkpoint.Message{
			ID: id, Topic: topic.Answers, Value: []byte("v"), Headers: []checkpoint.Header{{Key: event.HeaderID, Value: []byte(id)}},
		})
	}
	require.NoError(t, store.Commit(t.Context(), checkpoint.Commit{RunID: "r", Messages: messages}))
	p, err := kafka.Publisher()
	require.NoError(t, err)
	defer p.Close()
	elsewhere := recordOf(messages[2])
	elsewhere.Topic = topic.Spans
	_, err = p.PublishRecords(t.Context(), recordOf(messages[0]), elsewhere)
	require.NoError(t, err)

	require.NoError(t, o.readBack(t.Context()))
	left, err := store.UnsentIDs(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.Equal(t, "lost", left[0].ID)
	require.Equal(t, "elsewhere", left[1].ID)
}
