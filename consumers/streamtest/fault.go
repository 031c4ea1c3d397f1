package streamtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// FailCommits refuses the next n offset commits of any group. With n below zero it goes on until Remove.
func (c *Cluster) FailCommits(n int) *kfake.FaultHandle {
	return c.fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetCommit}, Count: n, Err: kerr.CoordinatorLoadInProgress,
	})
}

// FailProduce refuses the next n produce requests to a topic, with an error that clients do not retry.
// With n below zero it goes on until Remove.
func (c *Cluster) FailProduce(topic string, n int) *kfake.FaultHandle {
	return c.RefuseProduce(topic, kerr.TopicAuthorizationFailed, n)
}

// RefuseProduce is FailProduce with an error of the test's choice, for example kerr.MessageTooLarge.
func (c *Cluster) RefuseProduce(topic string, err *kerr.Error, n int) *kfake.FaultHandle {
	return c.fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Count: n, Err: err})
}

// FailOffsetFetch refuses to tell the committed offsets of a topic n times, as a coordinator does that has not learned of
// a permission yet. The other topics of a request are answered. With n below zero it goes on until Remove.
func (c *Cluster) FailOffsetFetch(topic string, n int) *kfake.FaultHandle {
	return c.fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetFetch}, Topic: topic, Count: n, Err: kerr.TopicAuthorizationFailed,
	})
}

// Heal ends every fault of the functions above.
func (c *Cluster) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.faults {
		f.Remove()
	}
	c.faults = nil
}

func (c *Cluster) fault(f kfake.Fault) *kfake.FaultHandle {
	c.mu.Lock()
	defer c.mu.Unlock()
	handle := c.Fake.Fault(f)
	c.faults = append(c.faults, handle)
	return handle
}

// Committed returns the committed offset of a partition and the metadata of the commit, or -1 without a commit.
func (c *Cluster) Committed(group, topic string, partition int32) (int64, string) {
	info := c.Fake.GroupInfo(group)
	if info == nil {
		return -1, ""
	}
	commit, ok := info.Commits[topic][partition]
	if !ok {
		return -1, ""
	}
	return commit.Offset, commit.Metadata
}

// AwaitCommitted waits until the committed offset of a partition is offset.
func (c *Cluster) AwaitCommitted(t testing.TB, group, topic string, partition int32, offset int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		have, _ := c.Committed(group, topic, partition)
		return have == offset
	}, waitLong, 5*time.Millisecond, "group %s should commit %d for %s/%d", group, offset, topic, partition)
}

// waitLong bounds the wait for what should happen. A slow machine makes tests slow, not red.
const waitLong = 30 * time.Second

// EvictMember tells the next member of a group that sends a heartbeat that the group took it for dead. It loses its
// partitions and joins again; the broker keeps them for the old membership until that session times out.
func (c *Cluster) EvictMember(t testing.TB, group string) {
	t.Helper()
	require.NoError(t, c.fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Heartbeat}, Group: group, TopLevel: true, Count: 1, Err: kerr.UnknownMemberID,
	}).Wait(t.Context(), 1))
}
