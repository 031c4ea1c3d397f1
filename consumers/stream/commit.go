package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// requestTimeout bounds one request. What failed is tried again by its caller.
func (c Config) requestTimeout() time.Duration { return min(5*time.Second, c.ShutdownTimeout/5) }

var (
	errClaimOver  = errors.New("the partition is no longer this member's")
	errUnanswered = errors.New("the broker did not answer for the partition")
)

// commit commits what collect returns and reports an error, or nil, for each claim. collect runs under the lock
// that ends claims, so that it cannot return what a later commit of a revoke would have to overtake.
func (m *member) commit(ctx context.Context, collect func() map[*claim]mark) map[*claim]error {
	m.committing.Lock()
	defer m.committing.Unlock()
	return m.send(ctx, collect())
}

// commitLast commits marks and ends the claims.
func (m *member) commitLast(claims []*claim, marks map[*claim]mark) {
	ctx, cancel := context.WithTimeout(context.Background(), m.cfg.requestTimeout())
	defer cancel()
	m.committing.Lock()
	defer m.committing.Unlock()
	for len(marks) > 0 {
		var failed error
		for c, err := range m.send(ctx, marks) {
			if err == nil {
				delete(marks, c)
			}
			failed = errors.Join(failed, err)
		}
		if failed != nil && (!sleep(ctx, 20*time.Millisecond) || !kerr.IsRetriable(failed)) {
			m.deps.Logger.Debug("the last commit failed, the next owner repeats the records", "error", failed)
			break
		}
	}
	m.end(claims)
}

func (m *member) send(ctx context.Context, marks map[*claim]mark) map[*claim]error {
	results := make(map[*claim]error, len(marks))
	if len(marks) == 0 {
		return results
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	byPlace := map[place]*claim{}
	for c, k := range marks {
		if offsets[c.topic] == nil {
			offsets[c.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[c.topic][c.partition] = kgo.EpochOffset{Epoch: -1, Offset: k.offset}
		byPlace[place{c.topic, c.partition}] = c
		results[c] = errUnanswered
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.requestTimeout())
	defer cancel()
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		return m.fence(req, byPlace, marks)
	})
	m.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, req *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		readResults(results, byPlace, req, resp, err)
	})
	m.observe(results)
	return results
}

// fence runs when the request already carries the member's generation. A claim that ended before is dropped
// here; one that ends later is of an old generation, which the broker refuses.
func (m *member) fence(req *kmsg.OffsetCommitRequest, byPlace map[place]*claim, marks map[*claim]mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	topics := req.Topics[:0]
	for _, t := range req.Topics {
		kept := t.Partitions[:0]
		for _, p := range t.Partitions {
			c := byPlace[place{t.Topic, p.Partition}]
			if c == nil || c.over {
				continue
			}
			p.Metadata = kmsg.StringPtr(marks[c].metadata)
			kept = append(kept, p)
		}
		if t.Partitions = kept; len(kept) > 0 {
			topics = append(topics, t)
		}
	}
	if req.Topics = topics; len(topics) == 0 {
		return errClaimOver
	}
	return nil
}

func readResults(results map[*claim]error, byPlace map[place]*claim, req *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
	if err != nil {
		for c := range results {
			results[c] = err
		}
		return
	}
	names := map[[16]byte]string{}
	for _, t := range req.Topics {
		names[t.TopicID] = t.Topic
	}
	for _, t := range resp.Topics {
		name := t.Topic
		if name == "" { // OffsetCommit v10 answers with ids only
			name = names[t.TopicID]
		}
		for _, p := range t.Partitions {
			if c := byPlace[place{name, p.Partition}]; c != nil {
				results[c] = kerr.ErrorForCode(p.ErrorCode)
			}
		}
	}
}

func (m *member) observe(results map[*claim]error) {
	var failed error
	for c, err := range results {
		if err != nil && !errors.Is(err, errClaimOver) {
			failed = fmt.Errorf("committing %s/%d: %w", c.topic, c.partition, err)
		}
	}
	if failed == nil {
		m.outage.over("committing")
		return
	}
	m.metrics.commitFailures.WithLabelValues(m.group).Inc()
	m.outage.note("committing", failed)
}
