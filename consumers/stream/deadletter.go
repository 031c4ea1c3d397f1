package stream

import (
	"strconv"
	"time"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Headers that a dead letter has after those of its original.
const (
	HeaderOrigTopic     = "x-orig-topic"
	HeaderOrigPartition = "x-orig-partition"
	HeaderOrigOffset    = "x-orig-offset"
	HeaderOrigTimestamp = "x-orig-timestamp"
	HeaderAttempt       = "x-attempt"
	HeaderFirstFailedAt = "x-first-failed-at"
	HeaderErrorClass    = "x-error-class"
	HeaderErrorMsg      = "x-error-msg"
	HeaderCodeVersion   = "x-code-version"
	HeaderConsumer      = "x-consumer"
	// HeaderValueOmitted is set when the original was too large to be written once more. It holds the number
	// of bytes; the value is still in the original topic.
	HeaderValueOmitted = "x-value-omitted"
	// HeaderKeyOmitted and HeaderHeadersOmitted are set when the original was too large even without its value. They
	// hold the bytes of its key, and of the names and values of its headers.
	HeaderKeyOmitted     = "x-key-omitted"
	HeaderHeadersOmitted = "x-headers-omitted"
)

// DeadLetter is a record that a consumer group gave up, and why.
type DeadLetter struct {
	// Reason is one word: a reason of event.DecodeError or of this package.
	Reason event.Reason
	// Message says what failed, at most 500 bytes of UTF-8, without the payload.
	Message string
	// Attempts is how often the handler was called. Zero for a record that is not an event.
	Attempts    int
	FirstFailed time.Time
	// CodeVersion and Consumer say who gave up.
	CodeVersion, Consumer string
	// OmittedBytes is above zero when the original was too large to be kept here whole. It counts the bytes of the
	// value, and those of the key and the headers too when these had to go as well.
	OmittedBytes int
	// OmittedKeyBytes and OmittedHeaderBytes are what OmittedBytes counts of the key and the headers.
	OmittedKeyBytes, OmittedHeaderBytes int
	// Position of the dead letter itself.
	Position event.Position

	original event.Record
}

// NewDeadLetter returns the dead letter of a record that was given up at its first attempt, just now, because of cause.
// Message is the text of cause without what it quotes of the value. The caller sets Consumer and CodeVersion, and
// corrects Attempts and FirstFailed.
func NewDeadLetter(original event.Record, reason event.Reason, cause error) DeadLetter {
	return DeadLetter{
		Reason: reason, Message: describe(cause, original.Value), Attempts: 1, FirstFailed: time.Now(), original: original,
	}
}

// Original returns the record as it was: topic, partition, offset, time, key, value and headers.
// With OmittedBytes above zero it has to be read from its topic: the value is nil, and perhaps the key and the headers.
func (d DeadLetter) Original() event.Record { return d.original }

// ParseDeadLetter reads a record of a dead-letter topic. It reports false when the record is none.
func ParseDeadLetter(r event.Record) (DeadLetter, bool) {
	start := -1
	for i, h := range r.Headers { // the last one: the original may be a dead letter itself
		if h.Key == HeaderOrigTopic {
			start = i
		}
	}
	if start < 0 {
		return DeadLetter{}, false
	}
	why := event.Record{Headers: r.Headers[start:]}
	partition, err1 := strconv.ParseInt(why.Header(HeaderOrigPartition), 10, 32)
	offset, err2 := strconv.ParseInt(why.Header(HeaderOrigOffset), 10, 64)
	timestamp, err3 := time.Parse(time.RFC3339Nano, why.Header(HeaderOrigTimestamp))
	if err1 != nil || err2 != nil || err3 != nil {
		return DeadLetter{}, false
	}
	d := DeadLetter{
		Reason:      event.Reason(why.Header(HeaderErrorClass)),
		Message:     why.Header(HeaderErrorMsg),
		CodeVersion: why.Header(HeaderCodeVersion),
		Consumer:    why.Header(HeaderConsumer),
		Position:    event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset},
		original: event.Record{
			Topic: why.Header(HeaderOrigTopic), Partition: int32(partition), Offset: offset,
			Key: r.Key, Value: r.Value, Timestamp: timestamp,
		},
	}
	if start > 0 {
		d.original.Headers = append([]event.Header(nil), r.Headers[:start]...)
	}
	d.Attempts, _ = strconv.Atoi(why.Header(HeaderAttempt))
	value, _ := strconv.Atoi(why.Header(HeaderValueOmitted))
	d.OmittedKeyBytes, _ = strconv.Atoi(why.Header(HeaderKeyOmitted))
	d.OmittedHeaderBytes, _ = strconv.Atoi(why.Header(HeaderHeadersOmitted))
	d.OmittedBytes = value + d.OmittedKeyBytes + d.OmittedHeaderBytes
	d.FirstFailed, _ = time.Parse(time.RFC3339Nano, why.Header(HeaderFirstFailedAt))
	return d, true
}

// record is the dead letter as it is published.
func (d DeadLetter) record() event.Record {
	o := d.original
	headers := append([]event.Header(nil), o.Headers...)
	add := func(key, value string) { headers = append(headers, event.Header{Key: key, Value: []byte(value)}) }
	add(HeaderOrigTopic, o.Topic) // first: everything before it is the original's
	add(HeaderOrigPartition, strconv.Itoa(int(o.Partition)))
	add(HeaderOrigOffset, strconv.FormatInt(o.Offset, 10))
	add(HeaderOrigTimestamp, o.Timestamp.UTC().Format(time.RFC3339Nano))
	add(HeaderAttempt, strconv.Itoa(d.Attempts))
	add(HeaderFirstFailedAt, d.FirstFailed.UTC().Format(time.RFC3339Nano))
	add(HeaderErrorClass, string(d.Reason))
	add(HeaderErrorMsg, d.Message)
	add(HeaderCodeVersion, d.CodeVersion)
	add(HeaderConsumer, d.Consumer)
	omitted := func(key string, bytes int) {
		if bytes > 0 {
			add(key, strconv.Itoa(bytes))
		}
	}
	omitted(HeaderValueOmitted, d.OmittedBytes-d.OmittedKeyBytes-d.OmittedHeaderBytes)
	omitted(HeaderKeyOmitted, d.OmittedKeyBytes)
	omitted(HeaderHeadersOmitted, d.OmittedHeaderBytes)
	return event.Record{Topic: topic.DeadLetters(d.Consumer), Key: o.Key, Value: o.Value, Headers: headers}
}
