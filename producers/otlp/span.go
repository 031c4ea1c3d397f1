package otlp

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// Reasons to refuse a span.
var (
	ErrTraceID = errors.New("the trace id is not 16 bytes, or all zero")
	ErrSpanID  = errors.New("the span id is not 8 bytes, or all zero")
	ErrTime    = errors.New("start or end time is missing or beyond the year 2262")
	ErrCircle  = errors.New("the span comes from this tenant's own exporter: it would go in circles")
)

// exporterScope is the instrumentation scope of ragline's own OTLP exporter.
const exporterScope = "github.com/ragline/ragline/consumers/exporter"

// span is an event with what only the trace around it needs.
type span struct {
	*event.SpanEnded
	localRoot bool
	tool      string
}

func (r Reader) span(raw *tracepb.Span, resource attributes, scope *commonpb.InstrumentationScope) (*span, error) {
	if err := r.check(raw, resource, scope); err != nil {
		return nil, err
	}
	a := read(raw.GetAttributes())
	kind := kindOf(a)
	events := raw.GetEvents()
	s := &event.SpanEnded{
		TraceId: hex.EncodeToString(raw.GetTraceId()), SpanId: hex.EncodeToString(raw.GetSpanId()), ParentSpanId: parentOf(raw),
		Name: raw.GetName(), Kind: kind,
		StartTime: timestamp(raw.GetStartTimeUnixNano()), EndTime: timestamp(raw.GetEndTimeUnixNano()),
		Status: event.StatusCode(raw.GetStatus().GetCode()), StatusMessage: raw.GetStatus().GetMessage(),
		Provider: providerOf(a), Model: modelOf(a), Usage: usageOf(a), Cost: costOf(a),
	}
	if strings.TrimSpace(s.GetName()) == "" {
		s.Name = "unknown" // as the protocol reads an empty name
	}
	if _, known := event.StatusCode_name[int32(s.GetStatus())]; !known {
		s.Status = event.StatusCode_STATUS_CODE_UNSPECIFIED
	}
	s.FirstTokenTime = firstToken(a, raw)
	s.Input = takeInput(a, kind, &events)
	s.Output = takeOutput(a, kind, &events)
	s.Operation = operationOf(a, kind)
	s.ThreadId = a.takeID("gen_ai.conversation.id", property+"thread_id", property+"conversation_id", property+"chat_id")
	s.QueryId = a.takeID("ragline.query.id")
	s.Origin = originOf(a, resource)
	tool := a.text("gen_ai.tool.name", "tool.name", "traceloop.entity.name")
	describe(a, raw, scope)
	s.Attributes = a.rest()
	s.Events = spanEvents(events)
	s.Resource = resourceOf(resource)
	return &span{SpanEnded: s, localRoot: isLocalRoot(raw), tool: tool}, nil
}

func (r Reader) check(raw *tracepb.Span, resource attributes, scope *commonpb.InstrumentationScope) error {
	switch {
	case !isID(raw.GetTraceId(), 16):
		return ErrTraceID
	case !isID(raw.GetSpanId(), 8):
		return ErrSpanID
	case !isTime(raw.GetStartTimeUnixNano()), !isTime(raw.GetEndTimeUnixNano()):
		return ErrTime
	case scope.GetName() == exporterScope && resource.text("ragline.tenant") == r.Tenant:
		return ErrCircle
	default:
		return nil
	}
}

func isID(raw []byte, size int) bool {
	return len(raw) == size && strings.Trim(string(raw), "\x00") != ""
}

func isTime(nanos uint64) bool { return nanos > 0 && nanos <= math.MaxInt64 }

func timestamp(nanos uint64) *timestamppb.Timestamp {
	return timestamppb.New(time.Unix(0, int64(nanos))) // #nosec G115 -- checked by isTime
}

// parentOf is empty for a root span, and for a parent id that is none.
func parentOf(raw *tracepb.Span) string {
	if !isID(raw.GetParentSpanId(), 8) {
		return ""
	}
	return hex.EncodeToString(raw.GetParentSpanId())
}

// isLocalRoot says whether the work of this application begins with the span.
func isLocalRoot(raw *tracepb.Span) bool {
	const remote = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	return parentOf(raw) == "" || raw.GetFlags()&remote == remote ||
		raw.GetKind() == tracepb.Span_SPAN_KIND_SERVER || raw.GetKind() == tracepb.Span_SPAN_KIND_CONSUMER
}

// firstToken is the start and the time to the first chunk in seconds, or a span event of that name.
func firstToken(a attributes, raw *tracepb.Span) *timestamppb.Timestamp {
	start := time.Unix(0, int64(raw.GetStartTimeUnixNano())) // #nosec G115 -- checked by isTime
	for _, name := range []string{"gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"} {
		if seconds, ok := number(a[name]); ok && seconds >= 0 && seconds < 86400 {
			delete(a, name)
			return timestamppb.New(start.Add(time.Duration(seconds * float64(time.Second))))
		}
	}
	for _, e := range raw.GetEvents() {
		if e.GetName() == "First Token Stream Event" && isTime(e.GetTimeUnixNano()) {
			return timestamp(e.GetTimeUnixNano())
		}
	}
	return nil
}

// property is how OpenLLMetry writes what belongs to a whole trace.
const property = "traceloop.association.properties."

func originOf(a, resource attributes) *event.Origin {
	return &event.Origin{
		UserId:      a.takeID("user.id", property+"user_id", "langfuse.user.id", "enduser.id", "gen_ai.user", "llm.user"),
		SessionId:   a.takeID("session.id", property+"session_id", "langfuse.session.id"),
		Environment: environmentOf(a, resource),
		Tags:        a.takeTexts("tag.tags", "langfuse.trace.tags", "ragline.tags"),
	}
}

func environmentOf(a, resource attributes) string {
	given := a.text("langfuse.environment")
	if given == "" {
		given = resource.text("deployment.environment.name", "deployment.environment")
	}
	if len(given) > event.MaxIDBytes {
		return ""
	}
	return strings.ToLower(given)
}

// describe keeps what OTLP says about a span beside its attributes, under the names that the specification of
// OpenTelemetry has for it.
func describe(a attributes, raw *tracepb.Span, scope *commonpb.InstrumentationScope) {
	put := func(name, value string) {
		if value != "" {
			a[name] = &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}
		}
	}
	put("otel.scope.name", scope.GetName())
	put("otel.scope.version", scope.GetVersion())
	put("w3c.tracestate", raw.GetTraceState())
	if kind := raw.GetKind(); kind > tracepb.Span_SPAN_KIND_INTERNAL {
		put("otel.span.kind", strings.TrimPrefix(kind.String(), "SPAN_KIND_"))
	}
	for name, dropped := range map[string]uint32{
		"otel.dropped_attributes_count": raw.GetDroppedAttributesCount(),
		"otel.dropped_events_count":     raw.GetDroppedEventsCount(),
		"otel.dropped_links_count":      raw.GetDroppedLinksCount(),
	} {
		if dropped > 0 {
			a[name] = &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: int64(dropped)}}
		}
	}
	put("otel.links", links(raw.GetLinks()))
}

func links(all []*tracepb.Span_Link) string {
	var list []any
	for _, l := range all {
		link := map[string]any{"trace_id": hex.EncodeToString(l.GetTraceId()), "span_id": hex.EncodeToString(l.GetSpanId())}
		if given := l.GetAttributes(); len(given) > 0 {
			link["attributes"] = plain(&commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: given}}})
		}
		list = append(list, link)
	}
	if list == nil {
		return ""
	}
	return marshal(list)
}

func spanEvents(raw []*tracepb.Span_Event) []*event.SpanEvent {
	var all []*event.SpanEvent
	for _, e := range raw {
		out := &event.SpanEvent{Name: e.GetName(), Attributes: read(e.GetAttributes()).rest()}
		if isTime(e.GetTimeUnixNano()) {
			out.Time = timestamp(e.GetTimeUnixNano())
		}
		all = append(all, out)
	}
	return all
}

func resourceOf(resource attributes) map[string]string {
	if len(resource) == 0 {
		return nil
	}
	out := make(map[string]string, len(resource))
	for name, value := range resource {
		out[name] = content(value)
	}
	return out
}
