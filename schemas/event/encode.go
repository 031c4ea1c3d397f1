package event

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Content types of a record's value.
const (
	ContentTypeProtobuf = "application/protobuf"
	ContentTypeJSON     = "application/json"
)

// Header keys of the envelope: CloudEvents' Kafka protocol binding, binary mode.
const (
	HeaderSpecVersion = "ce_specversion"
	HeaderID          = "ce_id"
	HeaderType        = "ce_type"
	HeaderSource      = "ce_source"
	HeaderTime        = "ce_time"
	HeaderSubject     = "ce_subject"
	HeaderContentType = "content-type"
	HeaderTraceParent = "traceparent"
)

// Encode returns the record of an event with a protobuf value. Topic stays empty: the topic
// catalogue knows it. An event without Data becomes a tombstone and must have a Key.
// A value over MaxValueBytes is a *DecodeError: every reader would refuse it.
func Encode(e Event) (Record, error) {
	return encode(e, ContentTypeProtobuf, proto.MarshalOptions{Deterministic: true}.Marshal)
}

// EncodeJSON is Encode with a JSON value, for people and for producers in other languages.
func EncodeJSON(e Event) (Record, error) {
	return encode(e, ContentTypeJSON, protojson.MarshalOptions{}.Marshal)
}

func encode(e Event, contentType string, marshal func(proto.Message) ([]byte, error)) (Record, error) {
	r := Record{Key: []byte(e.Key), Timestamp: e.Time, Headers: []Header{
		{HeaderSpecVersion, []byte(SpecVersion)},
		{HeaderID, []byte(e.ID)},
		{HeaderType, []byte(e.Type)},
		{HeaderSource, []byte(e.Source)},
		{HeaderTime, []byte(e.Time.UTC().Format(time.RFC3339Nano))},
		{HeaderSubject, []byte(e.Tenant)},
	}}
	if e.TraceParent != "" {
		r.Headers = append(r.Headers, Header{HeaderTraceParent, []byte(e.TraceParent)})
	}
	if e.Data == nil {
		if e.Key == "" {
			return Record{}, fmt.Errorf("encoding %s: a tombstone needs a key", e.Type)
		}
		return r, nil
	}
	if e.Key == "" {
		r.Key = []byte(KeyOf(e.Data))
	}
	value, err := marshal(e.Data)
	if err != nil {
		return Record{}, fmt.Errorf("encoding %s %s: %w", e.Type, e.ID, err)
	}
	if len(value) > MaxValueBytes { // no reader would accept it
		return Record{}, &DecodeError{ReasonOversized, "", fmt.Errorf("%s is %d bytes, at most %d are allowed", e.Type, len(value), MaxValueBytes)}
	}
	r.Value = value
	r.Headers = append(r.Headers, Header{HeaderContentType, []byte(contentType)})
	return r, nil
}
