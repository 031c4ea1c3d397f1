package stream_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/topic"
)

func TestKafkaThatGoesAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := recorder(answer)
	b.start(t, h)
	b.publish(t, queries(5)...)
	b.awaitCommitted(t, 5)

	b.Stop()
	b.Restart()
	b.publish(t, queries(5)...)
	b.awaitCommitted(t, 10)
	ids := map[string]bool{}
	for _, e := range streamtest.ReadAll(t, b.Broker, topic.Answers) {
		ids[e.ID] = true
	}
	require.Len(t, ids, 10)
}

func TestBatchesGoOnWhereTheyWereWhenKafkaIsBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, b.Cluster, b.cfg, h)
	b.publish(t, queries(5)...)
	b.AwaitCommitted(t, "sink", topic.Queries, 0, 5)
	b.Stop()
	b.Restart()
	b.publish(t, queries(5)...)
	b.AwaitCommitted(t, "sink", topic.Queries, 0, 10)
	var next int64
	for _, batch := range h.Batches() {
		if batch.Replayed {
			require.Less(t, batch.From, next)
			continue
		}
		require.Equal(t, next, batch.From)
		next = batch.To
	}
}

func TestKafkaThatIsAwayAtTheStartIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publish(t, queries(3)...)
	log := &streamtest.Log{}
	b.deps.Logger = log.Logger()
	b.Stop()
	h := recorder(nil)
	b.start(t, h)
	b.Restart()
	b.awaitCommitted(t, 3)
	require.LessOrEqual(t, log.Count("level=WARN"), 1, log.String())
}

func TestShutdownEndsWhileKafkaIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.ShutdownTimeout = time.Second
	h := recorder(answer)
	stop := b.start(t, h)
	b.publish(t, queries(1)...)
	b.awaitCommitted(t, 1)
	b.Stop()
	require.NoError(t, stop())
}
