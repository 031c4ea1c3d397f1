package event

import (
	"time"

	"google.golang.org/protobuf/proto"
)

// SpecVersion is the version of CloudEvents that the envelope follows.
const SpecVersion = "1.0"

// DefaultTenant is the tenant of events that name none.
const DefaultTenant = "default"

// EnvironmentGate is the origin.environment of the answers that the promoter has a candidate give to held-out questions.
// They are judged and shown like any other, and never become training data.
const EnvironmentGate = "gate"

// Event is a decoded event: the CloudEvents attributes and the message.
type Event struct {
	// ID identifies the event (ce_id). A record that carries the same ID again is a repeat.
	ID string
	// Type names the message and its version (ce_type), for example "query.asked.v1".
	Type string
	// Source says who published it (ce_source), for example "ragline/agent".
	Source string
	// Tenant owns the event (ce_subject). Never empty after Decode.
	Tenant string
	// TraceParent is the W3C trace context of the pipeline. Often empty.
	TraceParent string
	// Time is when the event happened (ce_time), in UTC.
	Time time.Time
	// Key is the record's key. Encode fills it from the message when it is empty.
	Key string
	// Data is the message. It is nil for a tombstone, which removes Key from a compacted topic.
	Data proto.Message
	// Position says where Decode found the event. Encode ignores it.
	Position Position
}

// Position is a place in the log.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Record is a Kafka record, free of any client library.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	// Key may be nil. A nil Value is a tombstone.
	Key, Value []byte
	Headers    []Header
	// Timestamp is Kafka's own. An event without ce_time takes it.
	Timestamp time.Time
}

// Header is one header of a Record.
type Header struct {
	Key   string
	Value []byte
}

// Header returns the value of the first header with the key, or "".
func (r Record) Header(key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// New returns an event around data with a fresh UUIDv7, the current time and the default tenant.
// The source says who publishes, for example "ragline/gateway".
// It panics when data is not a message of this contract, which is a programming error.
func New(source string, data proto.Message) Event {
	return Event{
		ID:     NewID(),
		Type:   TypeOf(data),
		Source: source,
		Tenant: DefaultTenant,
		Time:   time.Now().UTC(),
		Data:   data,
	}
}
