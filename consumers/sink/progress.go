package sink

import (
	"sync"

	"github.com/ragline/ragline/consumers/stream"
)

// progress knows, for each partition, where this process left off and how far ClickHouse was ahead of it then.
// The zero value is ready.
type progress struct {
	mu sync.Mutex
	at map[partition]position
}

type partition struct {
	topic  string
	number int32
}

type position struct {
	// next is the offset after what this process stored without a gap. -1 after a failure: a block may be stored.
	next int64
	// highest is the highest offset in ClickHouse, when it was asked.
	highest int64
}

// continues says whether the batch follows what this process stored last, so that ClickHouse need not be asked again.
func (p *progress) continues(b stream.Batch) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, known := p.at[keyOf(b)]
	return known && at.next == b.From && !b.Replayed
}

// found notes the highest stored offset.
func (p *progress) found(b stream.Batch, highest int64) {
	p.set(b, position{next: -1, highest: highest})
}

// within says whether some of the batch may be stored.
func (p *progress) within(b stream.Batch) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[keyOf(b)].highest >= b.From
}

func (p *progress) done(b stream.Batch) {
	p.mu.Lock()
	highest := p.at[keyOf(b)].highest
	p.mu.Unlock()
	p.set(b, position{next: b.To, highest: highest})
}

func (p *progress) lost(b stream.Batch) { p.set(b, position{next: -1, highest: -1}) }

func (p *progress) set(b stream.Batch, at position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = map[partition]position{}
	}
	p.at[keyOf(b)] = at
}

func keyOf(b stream.Batch) partition { return partition{b.Topic, b.Partition} }
