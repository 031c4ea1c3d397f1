package genai

import (
	"maps"
	"slices"
	"strings"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/schemas/event"
)

const (
	scopeName = "github.com/ragline/ragline/consumers/exporter"
	// schemaURL is the version of the semantic conventions that the attributes follow.
	schemaURL = "https://opentelemetry.io/schemas/1.41.0"
)

// Mapper turns events into OTLP. The same events give the same bytes.
type Mapper struct {
	// Content lets questions, answers and other texts leave.
	Content bool
	// NoNames leaves input and output to Extra, which has names of its own for them.
	NoNames bool
	// Version of the code, sent as that of the scope.
	Version string
	// Extra adds the attributes of one backend to a span. It may be nil.
	Extra func(s *event.SpanEnded, a *Attributes)
}

// origin is what resource attributes are made of: events that share it share a resource.
type origin struct{ key, tenant, environment string }

// Traces maps spans, and scores and feedback as spans of no length.
func (m Mapper) Traces(events []event.Event) *coltracepb.ExportTraceServiceRequest {
	data := &coltracepb.ExportTraceServiceRequest{}
	byResource(events, func(r *resourcepb.Resource) *tracepb.ScopeSpans {
		scope := &tracepb.ScopeSpans{Scope: m.scope(), SchemaUrl: schemaURL}
		data.ResourceSpans = append(data.ResourceSpans, &tracepb.ResourceSpans{
			Resource: r, ScopeSpans: []*tracepb.ScopeSpans{scope}, SchemaUrl: schemaURL,
		})
		return scope
	}, func(scope *tracepb.ScopeSpans, e event.Event) {
		if span, ok := e.Data.(*event.SpanEnded); ok {
			scope.Spans = append(scope.Spans, m.span(span))
		} else {
			scope.Spans = append(scope.Spans, m.evaluationOf(e).span())
		}
	})
	return data
}

// Logs maps scores and feedback.
func (m Mapper) Logs(events []event.Event) *collogspb.ExportLogsServiceRequest {
	data := &collogspb.ExportLogsServiceRequest{}
	byResource(events, func(r *resourcepb.Resource) *logspb.ScopeLogs {
		scope := &logspb.ScopeLogs{Scope: m.scope(), SchemaUrl: schemaURL}
		data.ResourceLogs = append(data.ResourceLogs, &logspb.ResourceLogs{
			Resource: r, ScopeLogs: []*logspb.ScopeLogs{scope}, SchemaUrl: schemaURL,
		})
		return scope
	}, func(scope *logspb.ScopeLogs, e event.Event) {
		scope.LogRecords = append(scope.LogRecords, m.evaluationOf(e).log())
	})
	return data
}

// byResource adds each event to the scope of its resource, which open makes when the first event of it comes.
func byResource[S any](events []event.Event, open func(*resourcepb.Resource) S, add func(S, event.Event)) {
	scopes := map[origin]S{}
	for _, e := range events {
		o, attributes := resourceOf(e)
		scope, ok := scopes[o]
		if !ok {
			scope = open(o.resource(attributes))
			scopes[o] = scope
		}
		add(scope, e)
	}
}

func (m Mapper) scope() *commonpb.InstrumentationScope {
	return &commonpb.InstrumentationScope{Name: scopeName, Version: m.Version}
}

// resourceOf returns the identity and the attributes of the resource that an event belongs to.
func resourceOf(e event.Event) (origin, map[string]string) {
	o := origin{tenant: e.Tenant}
	var attributes map[string]string
	switch m := e.Data.(type) {
	case *event.SpanEnded:
		attributes = m.GetResource()
		o.environment = m.GetOrigin().GetEnvironment()
	case *event.FeedbackGiven:
		o.environment = m.GetOrigin().GetEnvironment()
	}
	var key strings.Builder
	for _, name := range sortedKeys(attributes) {
		key.WriteString(name + "\x00" + attributes[name] + "\x00")
	}
	o.key = key.String()
	return o, attributes
}

// resource adds what the conventions require to what the producer said.
func (o origin) resource(given map[string]string) *resourcepb.Resource {
	a := &Attributes{}
	for name, value := range given {
		a.Text(name, value)
	}
	a.Default("service.name", "ragline")
	a.Default("deployment.environment.name", o.environment)
	a.Default("ragline.tenant", o.tenant)
	return &resourcepb.Resource{Attributes: a.Sorted()}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
