package stream

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// Handler handles the events of one consumer group.
//
// The runtime calls Handle from several goroutines, but never two at a time for events with the same key of
// the same partition, and in their order. A nil return means done: what was emitted is published and
// acknowledged, then the offset is committed. An error is an instruction: Drop, RetryIn, or anything else for
// a retry with back-off. A crash in between calls Handle again with the same event, so Handle must be a
// function of its event or remember what it did.
type Handler interface {
	// Name is the consumer group. A handler with another name reads its topics from the start.
	Name() string
	// Handle is given ctx that ends at shutdown and when the partition is lost.
	Handle(ctx context.Context, e event.Event, out Emitter) error
}

// Emitter collects what a handler emits. Nothing leaves before Handle has returned nil, and then all of it.
type Emitter interface {
	// Emit buffers an event around data. Its id is derived from the handled event, the group and its
	// position among the emitted, so that a repeat is recognised; tenant and trace context are inherited.
	Emit(data proto.Message, opts ...EmitOption)
}

// EmitOption changes the envelope of an emitted event.
type EmitOption func(*event.Event)

// Reaction is a function for one type of event, made by On.
type Reaction struct {
	typ    string
	handle func(ctx context.Context, e event.Event, out Emitter) error
}

// On calls fn for events whose message is a T.
func On[T proto.Message](fn func(ctx context.Context, e event.Event, data T, out Emitter) error) Reaction {
	var zero T
	return Reaction{
		typ: event.TypeOf(zero),
		handle: func(ctx context.Context, e event.Event, out Emitter) error {
			data, ok := e.Data.(T)
			if !ok { // an event that was forged: Decode makes the type and the message agree
				return Drop(fmt.Errorf("event %s of type %s carries %T", e.ID, e.Type, e.Data))
			}
			return fn(ctx, e, data, out)
		},
	}
}

// Route returns the handler of group name that reacts to some types and skips all others. Tombstones are skipped
// too: a handler that has to see removals implements Handler itself and finds Data nil.
func Route(name string, reactions ...Reaction) Handler {
	r := router{name: name, byType: map[string]Reaction{}}
	for _, reaction := range reactions {
		r.byType[reaction.typ] = reaction
	}
	return r
}

type router struct {
	name   string
	byType map[string]Reaction
}

func (r router) Name() string { return r.name }

func (r router) wants(e event.Event) bool {
	_, ok := r.byType[e.Type]
	return ok && e.Data != nil
}

// wants says whether h has to be called for e. Records that it does not want take no slot.
func wants(h Handler, e event.Event) bool {
	r, ok := h.(router)
	return !ok || r.wants(e)
}

func (r router) Handle(ctx context.Context, e event.Event, out Emitter) error {
	if !r.wants(e) {
		return nil
	}
	return r.byType[e.Type].handle(ctx, e, out)
}
