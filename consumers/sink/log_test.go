package sink

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// kafka is what the fault tests run on: the fake one, or Apache Kafka where its jars are given.
type kafka struct {
	*broker.Broker
	adm *kadm.Client
	cl  *kgo.Client
	// fake is nil on Apache Kafka.
	fake *streamtest.Cluster
}

// newKafka returns a Kafka of the test's own with the catalogue's topics.
func newKafka(t testing.TB) *kafka {
	t.Helper()
	k := &kafka{}
	if lib := apacheJars(); lib != "" {
		k.Broker = startApacheKafka(t, lib)
		require.NoError(t, k.EnsureTopics(t.Context(), topic.All()...))
	} else {
		k.fake = streamtest.NewCluster(t)
		k.Broker = k.fake.Broker
	}
	dead, _ := topic.Get(topic.DeadLetters("agent"))
	require.NoError(t, k.EnsureTopics(t.Context(), dead))
	cl, err := k.Client()
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	k.cl, k.adm = cl, kadm.NewClient(cl)
	require.Eventually(t, func() bool { // Apache Kafka makes the topic of the offsets when it is first asked
		_, err := fetchOffsets(t.Context(), k.adm)
		ranges, unknown := k.Ranges(t.Context(), dead.Name)
		return err == nil && unknown == nil && len(ranges[dead.Name]) == int(dead.Partitions)
	}, waitLong, 50*time.Millisecond)
	return k
}

// evict takes dead members out of the group, as their session's end would.
func (k *kafka) evict(t testing.TB) { k.evictFrom(t, group) }

func (k *kafka) evictFrom(t testing.TB, name string) {
	t.Helper()
	described, err := k.adm.DescribeGroups(t.Context(), name)
	require.NoError(t, err)
	for _, m := range described[name].Members {
		req := kmsg.NewPtrLeaveGroupRequest()
		req.Group = name
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		req.Members = append(req.Members, member)
		_, err := req.RequestWith(t.Context(), k.cl)
		require.NoError(t, err)
	}
}

// commits returns the group's offsets and plans.
func (k *kafka) commits(t testing.TB) map[partition]plan {
	t.Helper()
	offsets, err := fetchOffsets(t.Context(), k.adm)
	require.NoError(t, err)
	all := map[partition]plan{}
	offsets.Each(func(o kadm.OffsetResponse) { all[partition{o.Topic, o.Partition}] = plan{o.At, o.Metadata} })
	return all
}

// publish publishes n records of all topics over several partitions.
func (k *kafka) publish(t testing.TB, n int) {
	t.Helper()
	records := traffic(t, n)
	for i := range records {
		records[i].Key = []byte(strconv.Itoa(i % 7))
	}
	streamtest.PublishRecords(t, k.Broker, records...)
}

func (b bundle) requireProof(t testing.TB, k *kafka, records int) {
	t.Helper()
	proof, err := Verify(t.Context(), k.Broker, b.warehouse, time.Now(), nil)
	require.NoError(t, err)
	require.True(t, proof.OK(), "%+v\n%+v", proof.wrong(), proof.Rollups)
	var n, lag int64
	for _, c := range proof.Partitions {
		n, lag = n+int64(c.Records), lag+c.Lag
	}
	require.Equal(t, []int64{int64(records), 0}, []int64{n, lag})
}

// awaitProof waits until everything is stored and committed.
func (b bundle) awaitProof(t testing.TB, k *kafka, records int) {
	t.Helper()
	b.awaitRows(t, records)
	k.awaitCommitted(t)
	b.requireProof(t, k, records)
}

// awaitCommitted waits until the group has no lag and no batch in hand.
func (k *kafka) awaitCommitted(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		extents, err := committedExtents(t.Context(), k.Broker)
		for _, e := range extents {
			if e.to != e.end {
				return false
			}
		}
		return err == nil
	}, waitLong, 10*time.Millisecond)
}
