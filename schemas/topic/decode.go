package topic

import (
	"fmt"

	"github.com/ragline/ragline/schemas/event"
)

// Decode reads an event from a record of a topic of the catalogue: event.Decode with the topic's
// default type, and the rule that a topic carries its own types only.
// Its error is always an *event.DecodeError.
func Decode(r event.Record) (event.Event, error) {
	e, err := event.Decode(r, DefaultType(r.Topic))
	t, known := Get(r.Topic)
	if known && len(t.Types) > 0 && e.Type != "" && !t.carries(e.Type) && For(e.Type) != "" {
		e.Data = nil
		return e, &event.DecodeError{
			Reason: event.ReasonWrongTopic, Field: event.HeaderType,
			Err: fmt.Errorf("%q belongs on %s, not on %s", e.Type, For(e.Type), r.Topic),
		}
	}
	return e, err
}

// Encode returns the protobuf record of an event with its topic filled in.
func Encode(e event.Event) (event.Record, error) {
	r, err := event.Encode(e)
	r.Topic = For(e.Type)
	return r, err
}
