package stream

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Prefixes of hashes are our own: with the prefix of another sampler the two would select the same ids.
const (
	samplePrefix = "ragline:stream-trace-sampling:v1\x00"
	spanPrefix   = "ragline:stream-span:v1\x00"
	tracePrefix  = "ragline:stream-trace:v1\x00"
)

// spanOrdinal is the span's place among what a handler emits, for its id: no handler emits anything before the first.
const spanOrdinal = -1

// sampled says whether the processing of the event with this id is traced. Raising the rate only adds ids.
func sampled(id string, rate float64) bool {
	if rate <= 0 || rate >= 1 {
		return rate >= 1
	}
	sum := sha256.Sum256([]byte(samplePrefix + id))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11)/(1<<53) < rate
}

// traces says whether t gets a span: not if no handler was called, and not if it is a span itself.
func (c *Consumer) traces(t *task) bool {
	return t.attempts > 0 && t.record.Topic != topic.Spans && sampled(t.event.ID, c.cfg.TraceSample)
}

// trace publishes the span of t, which is done but for its commit; reason and message say why it was given up, if it
// was. What cannot be published within the timeout of a request is lost: a span must not make its record fail.
func (c *Consumer) trace(t *task, reason event.Reason, message string) {
	if !c.traces(t) {
		return
	}
	out := &outbox{cause: t.event, group: c.group}
	out.Emit(c.span(t, reason, message, time.Now()), func(e *event.Event) {
		e.ID = event.DeriveID(t.event.ID, c.group, spanOrdinal)
	})
	records, err := out.seal()
	if err == nil {
		ctx, cancel := context.WithTimeout(t.part.ctx, c.cfg.requestTimeout())
		defer cancel()
		_, err = c.publisher.PublishRecords(ctx, records...)
	}
	switch {
	case err == nil:
		c.outage.over("publishing spans")
	case t.part.ctx.Err() == nil:
		c.outage.note("publishing spans", err)
	}
}

// span describes the processing of t by the conventions for messaging.
func (c *Consumer) span(t *task, reason event.Reason, message string, ended time.Time) *event.SpanEnded {
	trace, parent, ok := parseTraceParent(t.event.TraceParent)
	if !ok {
		trace, parent = digest(16, tracePrefix, t.event.ID), ""
	}
	s := &event.SpanEnded{
		TraceId: trace, SpanId: digest(8, spanPrefix, t.event.ID, c.group), ParentSpanId: parent,
		Name: "process " + t.record.Topic, StartTime: timestamppb.New(t.started), EndTime: timestamppb.New(ended),
		Status: event.StatusCode_STATUS_CODE_OK,
		Attributes: map[string]*event.AttributeValue{
			"messaging.system":                   text("kafka"),
			"messaging.operation.name":           text("process"),
			"messaging.destination.name":         text(t.record.Topic),
			"messaging.destination.partition.id": text(strconv.Itoa(int(t.record.Partition))),
			"messaging.consumer.group.name":      text(c.group),
			"messaging.kafka.offset":             number(t.record.Offset),
			"ragline.attempts":                   number(int64(t.attempts)),
		},
		Resource: map[string]string{"service.name": source(c.group)},
	}
	if reason != "" {
		s.Status, s.StatusMessage = event.StatusCode_STATUS_CODE_ERROR, message
		s.Attributes["error.type"] = text(string(reason))
	}
	return s
}

func text(s string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: s}}
}

func number(n int64) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_IntValue{IntValue: n}}
}

// digest returns n bytes of a hash in hex.
func digest(n int, prefix string, parts ...string) string {
	sum := sha256.Sum256([]byte(prefix + strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:n])
}

// parseTraceParent returns the ids in a W3C traceparent. A later version may have more fields behind the flags.
func parseTraceParent(s string) (trace, span string, ok bool) {
	fields := strings.Split(s, "-")
	if len(fields) < 4 || len(fields) > 4 && fields[0] == "00" || fields[0] == "ff" {
		return "", "", false
	}
	for i, digits := range []int{2, 32, 16, 2} {
		if len(fields[i]) != digits || strings.Trim(fields[i], "0123456789abcdef") != "" {
			return "", "", false
		}
	}
	trace, span = fields[1], fields[2]
	return trace, span, strings.Trim(trace, "0") != "" && strings.Trim(span, "0") != ""
}
