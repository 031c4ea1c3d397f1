package sink

import (
	"errors"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// deadLetter is a dead letter beside its original, which DeadLetter copies at every call.
type deadLetter struct {
	stream.DeadLetter
	original event.Record
}

var errNotDeadLetter = errors.New("the headers do not say where the record came from")

func deadLetters() tableOf[deadLetter] {
	type d = deadLetter
	return newTable("dead_letters", byMonth, []column[d]{
		typeColumn[d](),
		value("consumer_group", lowCardinality, func(d d) string { return d.Consumer }),
		value("original_topic", lowCardinality, func(d d) string { return d.original.Topic }),
		value("original_partition", integer32, func(d d) int32 { return d.original.Partition }),
		value("original_offset", integer64, func(d d) int64 { return d.original.Offset }),
		value("original_time", nullable(microseconds), func(d d) proto.Nullable[time.Time] { return timeOrNull(d.original.Timestamp) }),
		value("attempts", integer32, func(d d) int32 { return int32(d.Attempts) }),
		value("first_failed_at", nullable(microseconds), func(d d) proto.Nullable[time.Time] { return timeOrNull(d.FirstFailed) }),
		value("reason", lowCardinality, func(d d) string { return string(d.Reason) }),
		value("message", text, func(d d) string { return d.Message }),
		value("code_version", lowCardinality, func(d d) string { return d.CodeVersion }),
		value("omitted_bytes", integer64, func(d d) int64 { return int64(d.OmittedBytes) }),
	}, recordColumns(func(d d) event.Record { return d.original }))
}

// dead makes the row of a record of a dead-letter topic. The envelope is the original's, so that the event can be
// found by its id; time and position are those of the dead letter.
func (t tables) dead(r event.Record) row {
	d, ok := stream.ParseDeadLetter(r)
	if !ok {
		e, _ := event.Decode(r, "") // for the envelope
		e.Data = nil
		return t.raw(e, r, &event.DecodeError{Reason: reasonNotDeadLetter, Err: errNotDeadLetter})
	}
	original := d.Original()
	e, _ := topic.Decode(original)
	e.Time = storable(r.Timestamp)
	e.Position = event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
	return row{t.deadLetters, e, deadLetter{d, original}}
}

// timeOrNull is NULL for a time that no column can hold: it is one of several, and about a record that failed anyway.
func timeOrNull(t time.Time) proto.Nullable[time.Time] {
	if !inRange(t) {
		return proto.Null[time.Time]()
	}
	return proto.NewNullable(t)
}
