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
	var live bool
	var failed error
	cfg := broker.FollowConfig{Topics: []string{topic.Documents}, CaughtUp: func() {
		live = true
		if failed = x.Flush(); failed == nil {
			caughtUp()
		}
	}}
	err := b.Follow(ctx, cfg, func(r event.Record) error {
		if failed != nil {
			return failed
		}
		if err := x.take(r); err != nil {
			return err
		}
		if live {
			return x.Flush()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("following documents: %w", err)
	}
	return failed
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
