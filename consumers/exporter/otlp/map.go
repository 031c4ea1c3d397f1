package otlp

import (
	"maps"
	"slices"
	"strings"

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

// mapper turns events into OTLP. TracesData and LogsData have the wire format of the collector's requests, without
// gRPC behind them. The same events give the same bytes.
type mapper struct {
	content bool
	version string
}

// origin is what resource attributes are made of: events that share it share a resource.
type origin struct{ key, tenant, environment string }

func (m mapper) traces(events []event.Event) *tracepb.TracesData {
	data := &tracepb.TracesData{}
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

func (m mapper) logs(events []event.Event) *logspb.LogsData {
	data := &logspb.LogsData{}
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

func (m mapper) scope() *commonpb.InstrumentationScope {
	return &commonpb.InstrumentationScope{Name: scopeName, Version: m.version}
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
	a := attributes{}
	for name, value := range given {
		a.text(name, value)
	}
	a.textIfAbsent("service.name", "ragline")
	a.textIfAbsent("deployment.environment.name", o.environment)
	a.textIfAbsent("ragline.tenant", o.tenant)
	return &resourcepb.Resource{Attributes: a.sorted()}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
