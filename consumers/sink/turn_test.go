package sink

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// held is a store whose inserts wait.
type held struct {
	store
	inserting chan string
	carryOn   chan struct{}
}

func (h held) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	h.inserting <- token
	<-h.carryOn
	return h.store.Insert(ctx, table, token, columns)
}

func TestBatchThatIsLargerThanAllAtOnceGoesAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	large, small := &log{topic: topic.Queries}, &log{topic: topic.Reviews}
	large.add(event.Record{Value: []byte(strings.Repeat("poison ", bytesAtOnce/7+1))})
	small.add(event.Record{Value: []byte("poison")})
	h := held{b.store, make(chan string), make(chan struct{})}
	s := newSink(config(t), h, b.logger, time.Now)

	done := make(chan error)
	go func() { done <- s.HandleBatch(t.Context(), large.all()) }()
	require.Contains(t, <-h.inserting, topic.Queries)
	released, release := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { waiting <- s.HandleBatch(released, small.all()) }()
	release() // as at a rebalance or the end of the process
	require.ErrorIs(t, <-waiting, context.Canceled)

	h.carryOn <- struct{}{}
	require.NoError(t, <-done)
	go func() { done <- s.HandleBatch(t.Context(), small.all()) }()
	require.Contains(t, <-h.inserting, topic.Reviews)
	h.carryOn <- struct{}{}
	require.NoError(t, <-done)
	b.requireOnce(t, large)
	b.requireOnce(t, small)
}
