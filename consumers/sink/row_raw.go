package sink

import (
	"errors"
	"strings"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// Reasons of raw records beside those of event.DecodeError.
const (
	// reasonOutOfRange: the event is sound, but a column cannot hold one of its values.
	reasonOutOfRange event.Reason = "out_of_range"
	// reasonNotDeadLetter: a record of a dead-letter topic that does not say why it is there.
	reasonNotDeadLetter event.Reason = "not_a_dead_letter"
)

// maxMessage bounds the text of an error.
const maxMessage = 1000

// rawRecord is a record that is stored as it came.
type rawRecord struct {
	event.Record
	reason  event.Reason
	message string
}

func rawRecords() tableOf[rawRecord] {
	type r = rawRecord
	return newTable("raw_records", byMonth, []column[r]{
		typeColumn[r](),
		value("reason", lowCardinality, func(r r) string { return string(r.reason) }),
		value("message", text, func(r r) string { return r.message }),
	}, recordColumns(func(r r) event.Record { return r.Record }))
}

// recordColumns hold a record byte for byte.
func recordColumns[T any](get func(T) event.Record) []column[T] {
	return []column[T]{
		value("key", text, func(m T) string { return string(get(m).Key) }),
		value("value", text, func(m T) string { return string(get(m).Value) }),
		value("value_is_null", boolean, func(m T) bool { return get(m).Value == nil }),
		value("headers", mapOf(text), func(m T) []pair[string] { return headerPairs(get(m).Headers) }),
	}
}

func headerPairs(headers []event.Header) []pair[string] {
	out := make([]pair[string], len(headers))
	for i, h := range headers {
		out[i] = pair[string]{Key: h.Key, Value: string(h.Value)}
	}
	return out
}

// raw makes the row of a record that err keeps out of its own table.
func (t tables) raw(e event.Event, r event.Record, err error) row {
	reason, message := reasonOutOfRange, plain(err.Error())
	var d *event.DecodeError
	if errors.As(err, &d) {
		reason = d.Reason
	}
	e.Time = storable(e.Time, r.Timestamp)
	return row{t.rawRecords, e, rawRecord{r, reason, message}}
}

// storable is the first time that a column can hold, or else the epoch.
func storable(times ...time.Time) time.Time {
	for _, t := range times {
		if inRange(t) {
			return t.UTC()
		}
	}
	return time.Unix(0, 0).UTC()
}

// plain takes the protobuf runtime's random spaces out of a message, so that it is the same for every build,
// and bounds it.
func plain(message string) string {
	message = strings.ToValidUTF8(strings.ReplaceAll(message, "\u00a0", " "), "\ufffd")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
	}
	return message
}
