package agent

import (
	"context"

	"github.com/ragline/ragline/schemas/event"
)

// PublishFunc publishes the outbox's records.
type PublishFunc func(ctx context.Context, records ...event.Record) ([]event.Position, error)

// PublishRecords makes a publisher of a function.
func (f PublishFunc) PublishRecords(ctx context.Context, records ...event.Record) ([]event.Position, error) {
	return f(ctx, records...)
}

// WrapPublisher puts wrap between the outbox and the broker. Call it before Run.
func WrapPublisher(a *Agent, wrap func(next PublishFunc) PublishFunc) {
	a.outbox.wrap = func(p publisher) publisher { return wrap(p.PublishRecords) }
}
