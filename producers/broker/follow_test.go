package broker

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// fill publishes n queries.
func fill(t *testing.T, b *Broker, n int) {
	t.Helper()
	p := publisher(t, b)
	for i := range n {
		require.NoError(t, p.Publish(t.Context(), query(strconv.Itoa(i))))
	}
}

// follow returns the offsets that Follow hands over until it ends.
func follow(ctx context.Context, b *Broker, cfg FollowConfig) ([]int64, error) {
	cfg.Topics = []string{topic.Queries}
	var offsets []int64
	err := b.Follow(ctx, cfg, func(r event.Record) error {
		offsets = append(offsets, r.Offset)
		return nil
	})
	return offsets, err
}

func TestFollowWithStopReadsWhatIsThereAndEnds(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	offsets, err := follow(t.Context(), b, FollowConfig{Stop: true})
	require.NoError(t, err)
	require.Empty(t, offsets)
	fill(t, b, 3)
	offsets, err = follow(t.Context(), b, FollowConfig{Stop: true})
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1, 2}, offsets)
}

func TestFollowStartsAtTheOffsetsItIsGiven(t *testing.T) {
	t.Parallel()
	fake, b := withQueries(t)
	fill(t, b, 5)
	at := func(offset int64) FollowConfig {
		return FollowConfig{Stop: true, From: FromEnd, Offsets: map[string]map[int32]int64{topic.Queries: {0: offset}}}
	}
	offsets, err := follow(t.Context(), b, at(3))
	require.NoError(t, err)
	require.Equal(t, []int64{3, 4}, offsets)
	offsets, err = follow(t.Context(), b, at(5))
	require.NoError(t, err)
	require.Empty(t, offsets)
	require.NoError(t, fake.DeleteRecords(topic.Queries, 0, 4))
	offsets, err = follow(t.Context(), b, at(1))
	require.NoError(t, err)
	require.Equal(t, []int64{4}, offsets, "what retention removed is passed over")
}

func TestCaughtUpIsCalledOnceAfterTheBacklog(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	fill(t, b, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	caughtUp, last := make(chan struct{}), make(chan struct{})
	seen := 0
	done := make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, FollowConfig{Topics: []string{topic.Queries}, CaughtUp: func() { close(caughtUp) }}, func(event.Record) error {
			if seen++; seen == 5 {
				close(last)
			}
			return nil
		})
	}()
	<-caughtUp
	require.GreaterOrEqual(t, seen, 3)
	fill(t, b, 2)
	<-last
	cancel()
	require.NoError(t, <-done)
}

func TestFollowFromTheEndIsCaughtUpAtOnce(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	fill(t, b, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var offsets []int64
	caughtUp := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, FollowConfig{Topics: []string{topic.Queries}, From: FromEnd, CaughtUp: func() { close(caughtUp) }}, func(r event.Record) error {
			offsets = append(offsets, r.Offset)
			cancel()
			return nil
		})
	}()
	<-caughtUp
	fill(t, b, 1)
	require.NoError(t, <-done)
	require.Equal(t, []int64{3}, offsets)
}

func TestFollowReturnsTheErrorOfItsFunction(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	fill(t, b, 2)
	boom := errors.New("boom")
	calls := 0
	err := b.Follow(t.Context(), FollowConfig{Topics: []string{topic.Queries}}, func(event.Record) error {
		calls++
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.Equal(t, 1, calls)
}

func TestFollowOfAMissingTopicIsAnError(t *testing.T) {
	t.Parallel()
	_, b := setup(t)
	_, err := follow(t.Context(), b, FollowConfig{})
	require.ErrorContains(t, err, "does not exist")
}

func TestFollowPassesTransactionMarkers(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	cl, err := b.Client(kgo.TransactionalID("tx"))
	require.NoError(t, err)
	defer cl.Close()
	require.NoError(t, cl.BeginTransaction())
	require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic.Queries, Value: []byte("{}")}).FirstErr())
	require.NoError(t, cl.EndTransaction(t.Context(), kgo.TryCommit))
	offsets, err := follow(t.Context(), b, FollowConfig{Stop: true})
	require.NoError(t, err)
	require.Equal(t, []int64{0}, offsets, "the marker at the end is reached but not handed over")
}

// quick follows topic.Queries from its start as Follow does, but asks the leaders after a short silence.
func quick(ctx context.Context, t *testing.T, b *Broker) (seen []int64, err error) {
	t.Helper()
	cl, err := b.Client(kgo.FetchMaxWait(10 * time.Millisecond))
	require.NoError(t, err)
	defer cl.Close()
	cfg := FollowConfig{Topics: []string{topic.Queries}, Stop: true}
	pending, err := followPositions(t.Context(), cl, cfg)
	require.NoError(t, err)
	f := follower{cfg: cfg, pending: pending, fn: func(r event.Record) error {
		seen = append(seen, r.Offset)
		return nil
	}}
	err = f.run(ctx, cl, 200*time.Millisecond)
	return seen, err
}

// A broker never compacts the last batch away while it is the newest segment, so the leader's answer is tested at the
// end of a topic: there is no record, and the end is reached.
func TestLeaderSaysWhetherThereAreRecordsBeforeTheEnd(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	fill(t, b, 3)
	cl, err := b.Client()
	require.NoError(t, err)
	defer cl.Close()
	for _, c := range []struct {
		next, end int64
		want      bool
	}{{3, 3, true}, {0, 3, false}, {2, 3, false}, {3, 7, false}} {
		none, err := exhausted(t.Context(), cl, partition{topic.Queries, 0}, c.next, c.end)
		require.NoError(t, err)
		require.Equal(t, c.want, none, "%+v", c)
	}
	_, err = exhausted(t.Context(), cl, partition{topic.Queries, 9}, 0, 3)
	require.Error(t, err, "no such partition")
}

func TestFollowEndsWhenTheLastRecordsWereCompactedAway(t *testing.T) {
	t.Parallel()
	_, b := withQueries(t)
	fill(t, b, 3)
	cl, err := b.Client(kgo.FetchMaxWait(10 * time.Millisecond))
	require.NoError(t, err)
	defer cl.Close()
	cfg := FollowConfig{Topics: []string{topic.Queries}, From: FromEnd, Stop: true}
	_, err = followPositions(t.Context(), cl, cfg)
	require.NoError(t, err)
	f := follower{cfg: cfg, pending: map[partition]distance{{topic.Queries, 0}: {next: 3, end: 3}}}
	require.NoError(t, f.run(t.Context(), cl, 100*time.Millisecond))
}

// TestFollowDoesNotTakeAFailingLeaderForTheEnd is about silence: whoever ends there has not read what is in the topic.
func TestFollowDoesNotTakeAFailingLeaderForTheEnd(t *testing.T) {
	t.Parallel()
	fake, b := withQueries(t)
	fill(t, b, 3)
	var refused atomic.Int32
	healed := make(chan struct{})
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		select {
		case <-healed:
			return nil, nil, false
		default:
		}
		fake.KeepControl()
		if refused.Add(1) == 20 { // several times the silence
			close(healed)
		}
		return unavailable(req.(*kmsg.FetchRequest)), nil, true
	})
	seen, err := quick(t.Context(), t, b)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1, 2}, seen)
	require.GreaterOrEqual(t, refused.Load(), int32(20))
}

// unavailable answers each partition of a fetch with LEADER_NOT_AVAILABLE.
func unavailable(req *kmsg.FetchRequest) kmsg.Response {
	res := req.ResponseKind().(*kmsg.FetchResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewFetchResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, kerr.LeaderNotAvailable.Code
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}

func TestFollowWaitsForAKafkaThatIsAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fake, b := withQueries(t, kfake.DataDir(dir))
	fill(t, b, 2)
	_, port, err := net.SplitHostPort(fake.ListenAddrs()[0])
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	fake.Close()
	type result struct {
		offsets []int64
		err     error
	}
	done := make(chan result, 1)
	go func() {
		offsets, err := follow(t.Context(), b, FollowConfig{Stop: true})
		done <- result{offsets, err}
	}()
	again, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DataDir(dir), kfake.Ports(number))
	require.NoError(t, err)
	defer again.Close()
	got := <-done
	require.NoError(t, got.err)
	require.Equal(t, []int64{0, 1}, got.offsets)
}
