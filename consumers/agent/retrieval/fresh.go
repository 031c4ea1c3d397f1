package retrieval

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/topic"
)

// freshTimeout bounds how long a search waits for documents that were published before it. A record takes
// milliseconds; Kafka may be away.
const freshTimeout = 2 * time.Second

// freshness knows how far the index has followed the documents topic, so that a question sees every document that
// was published before it: without that, a folder that was ingested a moment ago is "not in the knowledge base".
type freshness struct {
	mu     sync.Mutex
	client *kgo.Client     // nil until Follow
	next   map[int32]int64 // searchable below, by partition
	barren map[int32]int64 // ends that nothing comes before, by partition; see giveUp
	steps  int             // how many records the follower has taken
	busy   bool            // whether it has taken records that are not searchable yet
	moved  chan struct{}   // closed when next grows
}

func newFreshness() *freshness {
	return &freshness{next: map[int32]int64{}, barren: map[int32]int64{}, moved: make(chan struct{})}
}

// Fresh waits until everything that is in the documents topic now is searchable. It gives up after a short time
// and when Kafka is away: the answer then comes from what is there.
func (x *Index) Fresh(ctx context.Context) {
	x.fresh.mu.Lock()
	client := x.fresh.client
	x.fresh.mu.Unlock()
	if client == nil {
		return
	}
	x.fresh.within(ctx, freshTimeout, func(ctx context.Context) map[int32]int64 {
		listed, err := kadm.NewClient(client).ListEndOffsets(ctx, topic.Documents)
		if err != nil || listed.Error() != nil {
			return nil
		}
		ends := map[int32]int64{}
		listed.Each(func(end kadm.ListedOffset) { ends[end.Partition] = end.Offset })
		return ends
	})
}

// within waits until everything before the ends is searchable, but not longer than limit.
func (f *freshness) within(ctx context.Context, limit time.Duration, list func(context.Context) map[int32]int64) {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	asking, cancel := context.WithTimeout(bounded, limit/2) // the rest is there to see whether the follower does anything
	defer cancel()
	ends := list(asking)
	f.mu.Lock()
	steps := f.steps
	f.mu.Unlock()
	for {
		behind, moved := f.behind(ends)
		if !behind {
			return
		}
		select {
		case <-moved:
		case <-bounded.Done():
			if ctx.Err() == nil {
				f.giveUp(ends, steps)
			}
			return
		}
	}
}

func (f *freshness) behind(ends map[int32]int64) (bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for partition, end := range ends {
		if f.next[partition] < end && f.barren[partition] != end {
			return true, f.moved
		}
	}
	return false, nil
}

// giveUp remembers the ends that were not reached: an end without a record, such as a transaction's marker, is never
// followed, and should be waited for once only. A follower that has done anything meanwhile is slow, though, or behind:
// what it has not reached is worth waiting for.
func (f *freshness) giveUp(ends map[int32]int64, steps int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy || f.steps != steps {
		return
	}
	for partition, end := range ends {
		if f.next[partition] < end {
			f.barren[partition] = end
		}
	}
}

// advance says that everything below next is searchable.
func (f *freshness) advance(partition int32, next int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if next <= f.next[partition] {
		return
	}
	f.next[partition] = next
	delete(f.barren, partition) // there was something to come after all
	close(f.moved)
	f.moved = make(chan struct{})
}

// take says that a record was taken, rest that all that were taken are searchable.
func (f *freshness) take() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.busy = f.steps+1, true
}

func (f *freshness) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy = false
}

// follow keeps the client to ask for ends while the topic is followed; nil ends that.
func (f *freshness) follow(client *kgo.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client = client
}
