package stream_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func startBatches(t *testing.T, cluster *streamtest.Cluster, cfg stream.Config, h stream.BatchHandler) (stop func() error) {
	t.Helper()
	c, err := stream.NewBatchConsumer(cfg, streamtest.Deps(cluster.Broker), []string{topic.Queries}, h)
	require.NoError(t, err)
	return streamtest.Start(t, c.Run)
}

func TestBatchesCoverThePartitionWithoutGapOrOverlap(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(25)...)
	cfg := streamtest.Config(t)
	cfg.BatchMaxRecords = 10
	h := &streamtest.BatchRecorder{Group: "sink"}
	stop := startBatches(t, cluster, cfg, h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 25)
	require.NoError(t, stop())

	var next int64
	for _, b := range h.Batches() {
		require.Equal(t, next, b.From)
		require.False(t, b.Replayed)
		require.LessOrEqual(t, len(b.Records), 10)
		for i, r := range b.Records {
			require.Equal(t, b.From+int64(i), r.Offset)
		}
		next = b.To
	}
	require.EqualValues(t, 25, next)
	_, metadata := cluster.Committed("sink", topic.Queries, 0)
	require.Equal(t, "v1", metadata, "an idle consumer announces nothing")
}

func TestBatchIsAnnouncedBeforeItIsHandled(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	h := &streamtest.BatchRecorder{Group: "sink"}
	h.Then = func(_ context.Context, b stream.Batch) error {
		offset, metadata := cluster.Committed("sink", topic.Queries, 0)
		if offset != b.From || metadata != "v1;to=3" {
			return errors.New("not announced")
		}
		return nil
	}
	streamtest.Publish(t, cluster.Broker, queries(3)...)
	startBatches(t, cluster, streamtest.Config(t), h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 3)
	require.Len(t, h.Batches(), 1)
}

func TestFailedBatchIsTriedAgainAndNeverSkipped(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(4)...)
	var mu sync.Mutex
	tries := 0
	h := &streamtest.BatchRecorder{Group: "sink", Then: func(context.Context, stream.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		tries++
		switch {
		case tries == 1:
			panic("boom")
		case tries < 12:
			return errors.New("ClickHouse is away")
		}
		return nil
	}}
	startBatches(t, cluster, streamtest.Config(t), h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 4)
	batches := h.Batches()
	require.Len(t, batches, 12)
	for _, b := range batches {
		require.Equal(t, [2]int64{0, 4}, [2]int64{b.From, b.To})
	}
}

// stopInside runs a consumer that is taken away while it handles its first batch, and returns the batch.
func stopInside(t *testing.T, cluster *streamtest.Cluster, cfg stream.Config) stream.Batch {
	t.Helper()
	cfg.ShutdownTimeout = 300 * time.Millisecond
	handling := make(chan stream.Batch, 1)
	h := &streamtest.BatchRecorder{Group: "sink", Then: func(ctx context.Context, b stream.Batch) error {
		handling <- b
		<-ctx.Done()
		return ctx.Err()
	}}
	stop := startBatches(t, cluster, cfg, h)
	b := <-handling
	require.NoError(t, stop())
	return b
}

func TestBatchThatWasAnnouncedIsReplayedWithTheSameBoundaries(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(7)...)
	first := stopInside(t, cluster, streamtest.Config(t))
	streamtest.Publish(t, cluster.Broker, queries(5)...)

	cfg := streamtest.Config(t)
	cfg.BatchMaxRecords = 2 // other limits do not change what was announced
	h := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, cluster, cfg, h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 12)
	again := h.Batches()[0]
	require.True(t, again.Replayed)
	require.Equal(t, []int64{first.From, first.To}, []int64{again.From, again.To})
	require.Len(t, again.Records, 7)
	require.Equal(t, first.To, h.Batches()[1].From)
	require.False(t, h.Batches()[1].Replayed)
}

func TestBatchThatWasHandledIsReplayedWhenNothingAcknowledgedIt(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(3)...)
	cfg := streamtest.Config(t)
	cfg.ShutdownTimeout = 300 * time.Millisecond
	handled := make(chan struct{}, 1)
	h := &streamtest.BatchRecorder{Group: "sink", Then: func(context.Context, stream.Batch) error {
		cluster.FailCommits(-1) // the crash: no commit gets through any more
		handled <- struct{}{}
		return nil
	}}
	stop := startBatches(t, cluster, cfg, h)
	<-handled
	require.NoError(t, stop())

	cluster.Heal()
	again := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, cluster, streamtest.Config(t), again)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 3)
	require.Len(t, again.Batches(), 1)
	require.True(t, again.Batches()[0].Replayed)
	require.Equal(t, [2]int64{0, 3}, [2]int64{again.Batches()[0].From, again.Batches()[0].To})
}

func TestReplayHandsOverWhatRetentionLeft(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(6)...)
	stopInside(t, cluster, streamtest.Config(t))
	require.NoError(t, cluster.Fake.DeleteRecords(topic.Queries, 0, 4))

	h := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, cluster, streamtest.Config(t), h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 6)
	b := h.Batches()[0]
	require.True(t, b.Replayed)
	require.Equal(t, [2]int64{0, 6}, [2]int64{b.From, b.To})
	require.Equal(t, []int64{4, 5}, offsets(b.Records))
}

func TestReplayIsSkippedWhenRetentionLeftNothing(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 1))
	streamtest.Publish(t, cluster.Broker, queries(6)...)
	stopInside(t, cluster, streamtest.Config(t))
	require.NoError(t, cluster.Fake.DeleteRecords(topic.Queries, 0, 6))
	streamtest.Publish(t, cluster.Broker, queries(2)...)

	h := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, cluster, streamtest.Config(t), h)
	cluster.AwaitCommitted(t, "sink", topic.Queries, 0, 8)
	b := h.Batches()[0]
	require.False(t, b.Replayed)
	require.Equal(t, []int64{6, 7}, offsets(b.Records))
}

func offsets(records []event.Record) []int64 {
	var out []int64
	for _, r := range records {
		out = append(out, r.Offset)
	}
	return slices.Clip(out)
}
