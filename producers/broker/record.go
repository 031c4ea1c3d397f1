package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
)

// FromRecord returns the client-free form of a fetched record. Bytes are shared, not copied.
func FromRecord(r *kgo.Record) event.Record {
	out, _ := AppendHeaders(r, nil)
	return out
}

// AppendHeaders is FromRecord with the headers in a slice that many records share: they are appended to shared, which is
// returned.
func AppendHeaders(r *kgo.Record, shared []event.Header) (event.Record, []event.Header) {
	out := event.Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Timestamp: r.Timestamp,
	}
	if n := len(r.Headers); n > 0 {
		shared = slices.Grow(shared, n)
		for _, h := range r.Headers {
			shared = append(shared, event.Header{Key: h.Key, Value: h.Value})
		}
		out.Headers = shared[len(shared)-n : len(shared) : len(shared)]
	}
	return out, shared
}

// ToRecord returns a record to produce. Partition and offset are the broker's to give.
func ToRecord(r event.Record) *kgo.Record {
	out := &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	if len(r.Headers) > 0 {
		out.Headers = make([]kgo.RecordHeader, len(r.Headers))
		for i, h := range r.Headers {
			out.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
		}
	}
	return out
}
