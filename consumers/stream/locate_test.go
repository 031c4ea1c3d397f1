package stream_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func decided(thread string) event.Event {
	return event.New("test", &event.ReviewDecided{ReviewId: "r", ThreadId: thread, Decision: event.Decision_DECISION_APPROVE})
}

func TestPartitionWhoseOffsetWasRefusedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	log := &streamtest.Log{}
	b.deps.Logger = log.Logger()
	b.publish(t, query("t", "q"), decided("t"))
	b.FailOffsetFetch(topic.Reviews, 2)
	h := recorder(nil)
	b.start(t, h, topic.Queries, topic.Reviews)
	b.AwaitCommitted(t, group, topic.Queries, 0, 1)
	b.AwaitCommitted(t, group, topic.Reviews, 0, 1)
	require.Len(t, h.Events(), 2)
	require.Equal(t, 1, log.Count("level=WARN"), log.String())
	require.Contains(t, log.String(), "fetching the committed offset of ragline.reviews/0 fails")
	require.Contains(t, log.String(), "fetching the committed offset of ragline.reviews/0 works again")
}

func TestPlanOfAPartitionWhoseOffsetWasRefusedIsReplayed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publish(t, queries(5)...)
	first := stopInside(t, b.Cluster, b.cfg)
	b.FailOffsetFetch(topic.Queries, 2)
	h := &streamtest.BatchRecorder{Group: "sink"}
	startBatches(t, b.Cluster, b.cfg, h)
	b.AwaitCommitted(t, "sink", topic.Queries, 0, 5)
	require.Len(t, h.Batches(), 1)
	again := h.Batches()[0]
	require.True(t, again.Replayed)
	require.Equal(t, [2]int64{first.From, first.To}, [2]int64{again.From, again.To})
}

func TestPartitionWhoseOffsetIsRefusedDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	log := &streamtest.Log{}
	b.deps.Logger = log.Logger()
	stays := recorder(nil)
	b.start(t, stays, topic.Queries, topic.Reviews)
	b.publish(t, query("t", "q"), decided("t"))
	stays.Await(t, 2)
	b.deps.Logger = nil
	leaves := recorder(nil)
	stop := b.start(t, leaves, topic.Queries, topic.Reviews)
	eventually(t, "each has a partition", func() bool {
		b.publish(t, query("t", "q"), decided("t"))
		return len(leaves.Events()) > 0
	})
	quiet(t, b)
	before := len(stays.Events())

	refusals := []*kfake.FaultHandle{b.FailOffsetFetch(topic.Queries, -1), b.FailOffsetFetch(topic.Reviews, -1)}
	hits := func() int { return refusals[0].Hits() + refusals[1].Hits() } // of the partition that comes
	require.NoError(t, stop())
	eventually(t, "the offset is asked for again", func() bool { return hits() >= 2 })
	b.publish(t, query("t", "q"), decided("t"))
	stays.Await(t, before+1)
	seen := hits()
	eventually(t, "the offset is asked for once more", func() bool { return hits() > seen })
	require.Len(t, stays.Events(), before+1, "of the partition that it had")
	require.Contains(t, log.String(), "fetching the committed offset of")
	require.NotContains(t, log.String(), "works again", "what works is another partition")

	b.Heal()
	stays.Await(t, before+2)
	quiet(t, b)
	require.Len(t, stays.Events(), before+2, "nothing is repeated")
	require.Contains(t, log.String(), "works again")
}

// quiet waits until all that was published is committed.
func quiet(t *testing.T, b *bundle) {
	t.Helper()
	for _, name := range []string{topic.Queries, topic.Reviews} {
		b.AwaitCommitted(t, group, name, 0, int64(len(streamtest.ReadRecords(t, b.Broker, name))))
	}
}
