package retrieval

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Follow keeps the index at the state of the documents topic until ctx ends.
// It calls caughtUp once, when everything that was in the topic at the start is searchable.
func (x *Index) Follow(ctx context.Context, b *broker.Broker, caughtUp func()) error {
	client, err := b.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	x.fresh.follow(client)
	defer x.fresh.follow(nil)
	f := follower{index: x, caughtUp: caughtUp}
	cfg := broker.FollowConfig{Topics: []string{topic.Documents}, CaughtUp: f.live}
	if err := b.Follow(ctx, cfg, f.record); err != nil {
		return fmt.Errorf("following documents: %w", err)
	}
	return f.failed
}

// follower writes in batches until it has caught up, and then record by record.
type follower struct {
	index    *Index
	caughtUp func()
	isLive   bool
	failed   error
	seen     map[int32]int64 // followed but not written yet
}

func (f *follower) live() {
	f.isLive = true
	if f.failed = f.flush(); f.failed == nil {
		f.caughtUp()
	}
}

func (f *follower) record(r event.Record) error {
	if f.failed != nil {
		return f.failed
	}
	f.index.fresh.take()
	if err := f.index.take(r); err != nil {
		return err
	}
	if f.seen == nil {
		f.seen = map[int32]int64{}
	}
	f.seen[r.Partition] = r.Offset + 1
	if f.isLive {
		return f.flush()
	}
	return nil
}

func (f *follower) flush() error {
	if err := f.index.Flush(); err != nil {
		return err
	}
	for partition, next := range f.seen {
		f.index.fresh.advance(partition, next)
	}
	clear(f.seen)
	f.index.fresh.rest()
	return nil
}

// take applies one record. A record that is no document is skipped: the sink reports it.
func (x *Index) take(r event.Record) error {
	e, err := topic.Decode(r)
	if err != nil {
		return nil //nolint:nilerr // one bad record must not stop the index; the sink stores it raw
	}
	if e.Data == nil {
		return x.Delete(e.Key)
	}
	d, ok := e.Data.(*event.DocumentChanged)
	if !ok {
		return nil
	}
	return x.Put(Document{ID: d.GetDocumentId(), Title: d.GetTitle(), Text: d.GetText(), URI: d.GetUri()})
}
