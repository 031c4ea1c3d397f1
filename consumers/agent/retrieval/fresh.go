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
	moved  chan struct{}   // closed when next grows
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
	ctx, cancel := context.WithTimeout(ctx, freshTimeout)
	defer cancel()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic.Documents)
	if err != nil || ends.Error() != nil {
		return
	}
	ends.Each(func(end kadm.ListedOffset) { x.fresh.await(ctx, end.Partition, end.Offset) })
}

func (f *freshness) await(ctx context.Context, partition int32, end int64) {
	for {
		f.mu.Lock()
		reached, moved := f.next[partition] >= end, f.moved
		f.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			// An end without a record, such as a transaction's marker, is never followed: wait for it once only.
			f.advance(partition, end)
			return
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
	close(f.moved)
	f.moved = make(chan struct{})
}

// follow keeps the client to ask for ends while the topic is followed; nil ends that.
func (f *freshness) follow(client *kgo.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client = client
}
