package event_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func requireReason(t *testing.T, err error, reason event.Reason, field string) {
	t.Helper()
	var de *event.DecodeError
	require.ErrorAs(t, err, &de)
	require.Equal(t, reason, de.Reason, err)
	require.Equal(t, field, de.Field, err)
	require.Contains(t, err.Error(), string(reason))
	require.Error(t, errors.Unwrap(err))
}

func TestDecodeNamesTheReason(t *testing.T) {
	t.Parallel()
	trace := strings.Repeat("a", 32)
	for name, c := range map[string]struct {
		topic, typ, contentType, value string
		reason                         event.Reason
		field                          string
	}{
		"broken JSON":           {topic: topic.Queries, value: `{"text":`, reason: event.ReasonInvalidJSON},
		"empty value":           {topic: topic.Queries, value: ``, reason: event.ReasonInvalidJSON},
		"JSON of another shape": {topic: topic.Queries, value: `[1]`, reason: event.ReasonInvalidJSON},
		"JSON null":             {topic: topic.Queries, value: `null`, reason: event.ReasonInvalidJSON},
		"wrong type of field":   {topic: topic.Queries, value: `{"text": 7}`, reason: event.ReasonInvalidJSON},
		"broken protobuf":       {topic: topic.Queries, contentType: event.ContentTypeProtobuf, value: "\x0a\xff", reason: event.ReasonInvalidProtobuf},
		"UTF-8 in JSON":         {topic: topic.Queries, value: "{\"text\": \"\xff\"}", reason: event.ReasonInvalidUTF8},
		"UTF-8 in protobuf":     {topic: topic.Queries, contentType: event.ContentTypeProtobuf, value: "\x0a\x01\xff", reason: event.ReasonInvalidUTF8},
		"missing field":         {topic: topic.Queries, value: `{}`, reason: event.ReasonMissingField, field: "text"},
		"blank field":           {topic: topic.Queries, value: `{"text": " \n"}`, reason: event.ReasonMissingField, field: "text"},
		"field out of bounds":   {topic: topic.Queries, value: `{"text": "x", "maxSteps": 1001}`, reason: event.ReasonInvalidField, field: "maxSteps"},
		"long text":             {topic: topic.Queries, value: `{"text": "` + strings.Repeat("x", event.MaxTextBytes+1) + `"}`, reason: event.ReasonOversized, field: "text"},
		"large value":           {topic: topic.Queries, value: strings.Repeat(" ", event.MaxValueBytes+1), reason: event.ReasonOversized},
		"trace id in capitals":  {topic: topic.Scores, value: `{"traceId": "` + strings.ToUpper(trace) + `", "name": "n"}`, reason: event.ReasonInvalidField, field: "traceId"},
		"unknown type":          {topic: topic.Queries, typ: "query.asked.v9", value: `{}`, reason: event.ReasonUnknownType, field: event.HeaderType},
		"wrong topic":           {topic: topic.Answers, typ: "query.asked.v1", value: `{"text": "x"}`, reason: event.ReasonWrongTopic, field: event.HeaderType},
		"no type":               {topic: topic.Reviews, value: `{}`, reason: event.ReasonMissingType, field: event.HeaderType},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := event.Record{Topic: c.topic, Value: []byte(c.value)}
			for key, value := range map[string]string{event.HeaderType: c.typ, event.HeaderContentType: c.contentType} {
				if value != "" {
					r.Headers = append(r.Headers, event.Header{Key: key, Value: []byte(value)})
				}
			}
			e, err := topic.Decode(r)
			requireReason(t, err, c.reason, c.field)
			require.Equal(t, c.reason == event.ReasonUnknownType, errors.Is(err, event.ErrUnknownType))
			require.Nil(t, e.Data)
			require.NotEmpty(t, e.ID, "a dead letter needs an id all the same")
		})
	}
}

func TestOnlyDocumentsMayBeRemoved(t *testing.T) {
	t.Parallel()
	_, err := topic.Decode(event.Record{Topic: topic.Queries, Key: []byte("t")})
	requireReason(t, err, event.ReasonMissingField, "value")
	_, err = topic.Decode(event.Record{Topic: topic.Documents})
	requireReason(t, err, event.ReasonMissingField, "value")
}

func TestTenantThatIsNotTextIsRefused(t *testing.T) {
	t.Parallel()
	_, err := topic.Decode(event.Record{
		Topic: topic.Queries, Value: []byte(`{"text": "x"}`),
		Headers: []event.Header{{Key: event.HeaderSubject, Value: []byte("acme\xff")}},
	})
	requireReason(t, err, event.ReasonInvalidUTF8, event.HeaderSubject)
}

func FuzzDecodeNeverPanics(f *testing.F) {
	for _, d := range event.Definitions() {
		e := sample(f, d)
		for _, encode := range []func(event.Event) (event.Record, error){event.Encode, event.EncodeJSON} {
			r, err := encode(e)
			require.NoError(f, err)
			f.Add(d.Type, r.Header(event.HeaderContentType), r.Header(event.HeaderTime), r.Key, r.Value)
		}
	}
	f.Add("query.asked.v1", "", "", []byte(nil), []byte(`{"text":"\ud800"}`))
	f.Add("", "application/protobuf", "0000-00-00T00:00:00Z", []byte{0xff}, bytes.Repeat([]byte{0x0b}, 1000))
	f.Fuzz(func(t *testing.T, typ, contentType, when string, key, value []byte) {
		r := event.Record{Key: key, Value: value, Headers: []event.Header{
			{Key: event.HeaderType, Value: []byte(typ)},
			{Key: event.HeaderContentType, Value: []byte(contentType)},
			{Key: event.HeaderTime, Value: []byte(when)},
		}}
		e, err := event.Decode(r, "query.asked.v1")
		var de *event.DecodeError
		if err != nil && (!errors.As(err, &de) || de.Reason == "" || de.Err == nil) {
			t.Fatalf("not a DecodeError with a reason: %v", err)
		}
		if err == nil && e.Data != nil {
			if err := event.Validate(e.Data); err != nil {
				t.Fatalf("decoded an event that is not valid: %v", err)
			}
		}
	})
}
