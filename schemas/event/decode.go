package event

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// MaxValueBytes bounds the value of a record that Decode accepts: 1 MiB, Kafka's default bound of a batch.
const MaxValueBytes = 1 << 20

// Reason says in one word why a record is not an event. It goes into dead letters and ClickHouse.
type Reason string

// Reasons of a DecodeError.
const (
	ReasonInvalidJSON     Reason = "invalid_json"
	ReasonInvalidProtobuf Reason = "invalid_protobuf"
	ReasonInvalidUTF8     Reason = "invalid_utf8"
	ReasonMissingField    Reason = "missing_field"
	ReasonInvalidField    Reason = "invalid_field"
	ReasonUnknownType     Reason = "unknown_type"
	ReasonWrongTopic      Reason = "wrong_topic"
	ReasonOversized       Reason = "oversized"
	ReasonMissingType     Reason = "missing_type"
)

// ErrUnknownType is wrapped by the DecodeError of a type or version that this build does not know.
// The sink stores such a record raw, the other consumers skip it: a newer producer is no poison.
var ErrUnknownType = errors.New("unknown event type")

// DecodeError says why a record is not an event.
type DecodeError struct {
	// Reason is one of the constants above.
	Reason Reason
	// Field is the offending field or header, where there is one.
	Field string
	// Err is the cause.
	Err error
}

// Error gives the reason, the field and the cause.
func (e *DecodeError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s: %v", e.Reason, e.Err)
	}
	return fmt.Sprintf("%s: field %s: %v", e.Reason, e.Field, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Decode reads an event from a record. defaultType is the type of records without ce_type, or "" where
// the topic carries several types. Decode is a pure function of the record: a replay gives the same event.
// Its error is always a *DecodeError.
//
// A record without headers gets an id derived from its position and time, the record's time and the default tenant.
func Decode(r Record, defaultType string) (Event, error) {
	e := envelope(r, defaultType)
	if e.Type == "" {
		return e, &DecodeError{ReasonMissingType, HeaderType, errors.New("the topic carries several types, so the header is required")}
	}
	d, ok := byType[e.Type]
	if !ok {
		return e, &DecodeError{ReasonUnknownType, HeaderType, fmt.Errorf("%q: %w", e.Type, ErrUnknownType)}
	}
	if err := checkHeaders(e); err != nil {
		return e, err
	}
	if r.Value == nil {
		return e, checkTombstone(e)
	}
	if len(r.Value) > MaxValueBytes {
		return e, &DecodeError{ReasonOversized, "", fmt.Errorf("%d bytes, at most %d are allowed", len(r.Value), MaxValueBytes)}
	}
	m := d.Prototype.ProtoReflect().New().Interface()
	if err := unmarshal(r, m); err != nil {
		return e, err
	}
	applyDefaults(&e, m)
	if err := Validate(m); err != nil {
		return e, err
	}
	e.Data = m
	return e, nil
}

// envelope reads the attributes; what is absent gets its default.
func envelope(r Record, defaultType string) Event {
	e := Event{
		ID:          r.Header(HeaderID),
		Type:        r.Header(HeaderType),
		Source:      r.Header(HeaderSource),
		Tenant:      r.Header(HeaderSubject),
		TraceParent: r.Header(HeaderTraceParent),
		Time:        r.Timestamp.UTC(),
		Key:         string(r.Key),
		Position:    Position{r.Topic, r.Partition, r.Offset},
	}
	if t, err := time.Parse(time.RFC3339Nano, r.Header(HeaderTime)); err == nil {
		e.Time = t.UTC()
	}
	if e.Type == "" {
		e.Type = defaultType
	}
	if e.ID == "" || len(e.ID) > 200 || !utf8.ValidString(e.ID) {
		e.ID = positionID(r)
	}
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	return e
}

// checkHeaders refuses attributes that no reader could store: the tenant must not be guessed.
func checkHeaders(e Event) error {
	for _, h := range []struct{ key, value string }{{HeaderSubject, e.Tenant}, {HeaderSource, e.Source}, {"key", e.Key}} {
		if !utf8.ValidString(h.value) {
			return &DecodeError{ReasonInvalidUTF8, h.key, errors.New("not UTF-8")}
		}
	}
	return nil
}

func checkTombstone(e Event) error {
	if e.Type == TypeOf(&DocumentChanged{}) && e.Key != "" {
		return nil
	}
	return &DecodeError{ReasonMissingField, "value", errors.New("the record has no value; only a document with a key may be removed")}
}

func unmarshal(r Record, m proto.Message) error {
	if !isJSON(r) {
		if err := proto.Unmarshal(r.Value, m); err != nil {
			// The runtime names bad UTF-8 in its text only.
			if strings.Contains(err.Error(), "UTF-8") {
				return &DecodeError{ReasonInvalidUTF8, "", err}
			}
			return &DecodeError{ReasonInvalidProtobuf, "", err}
		}
		return nil
	}
	if !utf8.Valid(r.Value) {
		return &DecodeError{ReasonInvalidUTF8, "", errors.New("the value is not UTF-8")}
	}
	// Unknown fields are accepted: a newer producer only adds fields.
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(r.Value, m); err != nil {
		return &DecodeError{ReasonInvalidJSON, "", err}
	}
	return nil
}

// isJSON trusts the content type where there is one. Without it, a protobuf value would need our own
// producers, which always set it: so it is JSON.
func isJSON(r Record) bool {
	mediaType, _, _ := strings.Cut(r.Header(HeaderContentType), ";") // parameters do not matter
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case ContentTypeProtobuf, "application/x-protobuf":
		return false
	default:
		return true
	}
}

// applyDefaults fills what a producer may leave out.
func applyDefaults(e *Event, m proto.Message) {
	if q, ok := m.(*QueryAsked); ok && q.GetThreadId() == "" {
		q.ThreadId = e.ID
	}
	if e.Key == "" {
		e.Key = KeyOf(m)
	}
}
