package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Waits before committed offsets are asked for again. The first is for a broker that has just learned of a topic or
// of a permission; the last bounds how often the group is made to rebalance.
const (
	locateWaitMin = 100 * time.Millisecond
	locateWaitMax = 10 * time.Second
)

// onFetched is told the committed offsets of the partitions that were assigned. The client starts them when it returns
// nil. One whose offset could not be read would never be started, and never be asked for again while the session
// lasts. So the session is ended then, after a wait: all that was not started is asked for again in the next one, and
// what is being consumed goes on meanwhile.
func (m *member) onFetched(ctx context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	failures := m.readOffsets(resp)
	missing := m.missing()
	if len(missing) == 0 {
		m.unlocated = 0
		return nil
	}
	for _, c := range missing {
		err := failures[c]
		if err == nil { // left out of the answer, or reported in a former one
			err = errUnanswered
		}
		m.outage.note(locating(c), err)
	}
	m.unlocated++
	if !sleep(ctx, backoff(locateWaitMin, locateWaitMax, m.unlocated)) {
		return ctx.Err()
	}
	// The only error that makes the client join again and keep what it has.
	return fmt.Errorf("fetching the committed offsets of %d partitions again: %w", len(missing), kerr.RebalanceInProgress)
}

// readOffsets hands the offsets over, each once: a partition that had to wait for others is in the next answer again.
func (m *member) readOffsets(resp *kmsg.OffsetFetchResponse) (failures map[*claim]error) {
	failures = map[*claim]error{}
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				c := m.claim(t.Topic, p.Partition)
				if c == nil {
					continue
				}
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					failures[c] = err
					continue
				}
				if m.locate(c) {
					metadata := ""
					if p.Metadata != nil {
						metadata = *p.Metadata
					}
					m.work.fetched(c, p.Offset, metadata)
				}
			}
		}
	}
	return failures
}

// locate marks the offset of c as known. It reports false when it was already.
func (m *member) locate(c *claim) bool {
	m.outage.over(locating(c))
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !c.located
	c.located = true
	return first
}

// missing returns the claims whose committed offset is not known.
func (m *member) missing() []*claim {
	m.mu.Lock()
	defer m.mu.Unlock()
	var missing []*claim
	for _, c := range m.claims {
		if !c.located {
			missing = append(missing, c)
		}
	}
	return missing
}

// fetchFailed is given the errors of a poll. The client repeats there what onFetched was told.
func (m *member) fetchFailed(topic string, partition int32, err error) {
	c := m.claim(topic, partition)
	switch {
	case c == nil: // of all partitions, or of one that is not ours any more
		m.outage.note(fetching(topic, -1), err)
	case m.known(c):
		m.outage.note(fetching(topic, partition), err)
	}
}

func (m *member) known(c *claim) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return c.located
}
