package stream

import (
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// recycler is the memory that fetched records are decoded into. The client takes it back once every record of a batch of
// the producer's is recycled. What is dropped instead, as at a pause or a revoke, is for the garbage collector, and so
// are the bytes: a record of a handler that goes on late must stay what it was.
type recycler struct{ records sync.Pool }

var _ kgo.PoolRecords = (*recycler)(nil)

// GetRecords does not give much for few: a single record would hold the memory of thousands as long as it waits, and the
// budget counts its bytes only.
func (r *recycler) GetRecords(n int) []kgo.Record {
	rs, ok := r.records.Get().(*[]kgo.Record)
	switch {
	case ok && cap(*rs) > slack*n:
		r.records.Put(rs)
	case ok && cap(*rs) >= n:
		return *rs
	}
	return make([]kgo.Record, n)
}

// slack is how many times what is needed memory that is used again may be.
const slack = 4

func (r *recycler) PutRecords(rs []kgo.Record) { r.records.Put(&rs) }

// hand is the batch that a partition has in hand, in the form in which it is handed over and in that of the client.
type hand struct {
	fetched []*kgo.Record
	records []event.Record
	headers []event.Header
}

func (h *hand) take(fetched []*kgo.Record) []event.Record {
	h.fetched = append(h.fetched, fetched...)
	h.records = slices.Grow(h.records, len(fetched))
	for _, r := range fetched {
		var record event.Record
		record, h.headers = broker.AppendHeaders(r, h.headers)
		h.records = append(h.records, record)
	}
	return h.records
}

// spareHands are kept between batches.
const spareHands = 8

func (c *BatchConsumer) newHand() *hand {
	select {
	case h := <-c.hands:
		return h
	default:
		return &hand{}
	}
}

// giveBack ends a batch: nobody may use its records any more.
func (c *BatchConsumer) giveBack(h *hand) {
	for _, r := range h.fetched {
		r.Recycle()
	}
	clear(h.fetched)
	clear(h.records)
	clear(h.headers)
	h.fetched, h.records, h.headers = h.fetched[:0], h.records[:0], h.headers[:0]
	select {
	case c.hands <- h:
	default:
	}
}
