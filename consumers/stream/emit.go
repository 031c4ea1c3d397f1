package stream

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// outbox is the Emitter of one attempt.
type outbox struct {
	cause event.Event
	group string

	mu     sync.Mutex
	events []event.Event
	sealed bool
}

// source is the CloudEvents source of what a group emits.
func source(group string) string { return "ragline/" + group }

// Emit buffers an event. It may be called from several goroutines, but then the ids depend on their order.
// What is emitted after Handle has returned is lost.
func (o *outbox) Emit(data proto.Message, opts ...EmitOption) {
	e := event.Event{
		Type:        event.TypeOf(data),
		Source:      source(o.group),
		Tenant:      o.cause.Tenant,
		TraceParent: o.cause.TraceParent,
		Time:        time.Now().UTC(),
		Data:        data,
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sealed {
		return
	}
	e.ID = event.DeriveID(o.cause.ID, o.group, len(o.events))
	for _, opt := range opts {
		opt(&e)
	}
	o.events = append(o.events, e)
}

var errNoTopic = errors.New("no topic of the catalogue carries the type")

// seal ends the outbox and encodes what is in it. An error says that a handler made an event which no reader
// would accept: trying again cannot help.
func (o *outbox) seal() ([]event.Record, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sealed = true
	records := make([]event.Record, len(o.events))
	for i, e := range o.events {
		if err := event.Validate(e.Data); err != nil {
			return nil, fmt.Errorf("emitting %s: %w", e.Type, err)
		}
		r, err := topic.Encode(e)
		if err == nil && r.Topic == "" {
			err = errNoTopic
		}
		if err != nil {
			return nil, fmt.Errorf("emitting %s: %w", e.Type, err)
		}
		if len(r.Value) > event.MaxValueBytes {
			return nil, fmt.Errorf("emitting %s: %d bytes, at most %d are allowed", e.Type, len(r.Value), event.MaxValueBytes)
		}
		records[i] = r
	}
	return records, nil
}
