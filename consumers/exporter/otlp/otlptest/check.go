package otlptest

import (
	"bytes"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func (c *Collector) decode(body []byte, into proto.Message) {
	if err := proto.Unmarshal(body, into); err != nil {
		c.t.Errorf("decoding request: %v", err)
	}
	if unknown := into.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		c.t.Errorf("request has %d bytes of unknown fields", len(unknown))
	}
}

func (c *Collector) span(s *tracepb.Span) {
	c.id("trace id", s.GetTraceId(), 16)
	c.id("span id", s.GetSpanId(), 8)
	if len(s.GetParentSpanId()) > 0 {
		c.id("parent span id", s.GetParentSpanId(), 8)
	}
	if s.GetName() == "" || s.GetStartTimeUnixNano() == 0 || s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
		c.t.Errorf("span %x: name %q from %d to %d", s.GetSpanId(), s.GetName(), s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano())
	}
	c.attributes(s.GetAttributes())
	for _, e := range s.GetEvents() {
		if e.GetName() == "" || e.GetTimeUnixNano() == 0 {
			c.t.Errorf("span %x: event without name or time", s.GetSpanId())
		}
		c.attributes(e.GetAttributes())
	}
}

func (c *Collector) log(l *logspb.LogRecord) {
	if len(l.GetTraceId()) > 0 {
		c.id("trace id", l.GetTraceId(), 16)
	}
	if len(l.GetSpanId()) > 0 {
		c.id("span id", l.GetSpanId(), 8)
	}
	if l.GetEventName() == "" || l.GetTimeUnixNano() == 0 {
		c.t.Errorf("log record without event name or time")
	}
	c.attributes(l.GetAttributes())
}

func (c *Collector) resource(r *resourcepb.Resource) {
	c.attributes(r.GetAttributes())
	for _, kv := range r.GetAttributes() {
		if kv.GetKey() == "service.name" && kv.GetValue().GetStringValue() != "" {
			return
		}
	}
	c.t.Errorf("resource without service.name")
}

func (c *Collector) id(what string, id []byte, size int) {
	if len(id) != size || bytes.Equal(id, make([]byte, size)) {
		c.t.Errorf("%s %x: want %d bytes, not all zero", what, id, size)
	}
}

func (c *Collector) attributes(list []*commonpb.KeyValue) {
	seen := map[string]bool{}
	for _, kv := range list {
		if kv.GetKey() == "" || seen[kv.GetKey()] || kv.GetValue().GetValue() == nil {
			c.t.Errorf("attribute %q is empty, repeated or without a value", kv.GetKey())
		}
		seen[kv.GetKey()] = true
	}
}
