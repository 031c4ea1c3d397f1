package langfuse

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// tracesPath is the OTLP endpoint. Its 200 is not an OTLP response, and says nothing.
const tracesPath = "/api/public/otel/v1/traces"

// otlp is the backend of mode otlp.
type otlp struct {
	backend
	mapper genai.Mapper
	gzip   httpapi.Gzip
}

var (
	_ trace.Backend = (*otlp)(nil)
	_ trace.Prober  = (*otlp)(nil)
	_ trace.Finder  = (*otlp)(nil)
	_ trace.Counter = (*otlp)(nil)
	_ trace.Checker = (*otlp)(nil)
)

func newOTLP(base backend, cfg Config, deps Deps) *otlp {
	b := &otlp{backend: base}
	b.mapper = genai.Mapper{Content: cfg.Content, NoNames: true, Version: deps.Version, Extra: b.attributes}
	return b
}

// Export sends spans as one request, and scores and feedback one by one or through the ingestion API.
func (b *otlp) Export(ctx context.Context, batch trace.Batch) (trace.Result, error) {
	var spans []event.Event
	var indexes, scores []int
	for i, e := range batch.Events {
		if _, ok := e.Data.(*event.SpanEnded); ok {
			spans, indexes = append(spans, e), append(indexes, i)
		} else {
			scores = append(scores, i)
		}
	}
	if err := b.send(ctx, spans); err != nil {
		return trace.Result{}, err
	}
	result, err := b.sendScores(ctx, batch.Events, scores)
	if err != nil {
		result.Settled = append(result.Settled, indexes...)
	}
	return result, err
}

func (b *otlp) send(ctx context.Context, spans []event.Event) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := proto.Marshal(b.mapper.Traces(spans))
	if err != nil {
		return &trace.RejectedError{Err: err}
	}
	return b.postTraces(ctx, body)
}

func (b *otlp) postTraces(ctx context.Context, body []byte) error {
	header := b.header("application/x-protobuf")
	header.Set("Content-Encoding", "gzip")
	header.Set("X-Langfuse-Ingestion-Version", "4")
	_, err := b.do(ctx, httpapi.Request{Method: http.MethodPost, URL: b.cfg.url(tracesPath), Header: header, Body: b.gzip.Pack(body)})
	return err
}

// Probe sends an export without spans, which LangFuse takes; for a score it asks who the key belongs to.
func (b *otlp) Probe(ctx context.Context, e event.Event) error {
	if _, ok := e.Data.(*event.SpanEnded); ok {
		return b.postTraces(ctx, nil)
	}
	_, err := b.Check(ctx)
	return err
}

// attributes adds what LangFuse reads of its own. Usage and cost stay off agents: LangFuse skips them there, and their
// model calls have them.
func (b *otlp) attributes(s *event.SpanEnded, a *genai.Attributes) {
	kind := observationType(s)
	a.Text("langfuse.observation.type", kind)
	a.Text("langfuse.observation.level", level(s))
	a.Text("langfuse.observation.status_message", s.GetStatusMessage())
	if b.content {
		a.Text("langfuse.observation.input", s.GetInput())
		a.Text("langfuse.observation.output", s.GetOutput())
	}
	if kind != "agent" {
		a.Text("langfuse.observation.model.name", s.GetModel())
		if parameters := modelParameters(s); len(parameters) > 0 {
			a.Text("langfuse.observation.model.parameters", asJSON(parameters))
		}
		if usage := usageDetails(s.GetUsage()); usage != nil {
			a.Text("langfuse.observation.usage_details", usageJSON(usage))
		}
		if cost := s.GetCost(); cost != nil {
			a.Text("langfuse.observation.cost_details", `{"total":`+genai.USD(cost.GetPicoUsd())+`}`)
			a.Double("gen_ai.usage.cost", float64(s.GetCost().GetPicoUsd())/1e12) // servers that read cost_details of their own SDKs only
		}
	}
	if first := s.GetFirstTokenTime(); first.IsValid() {
		a.Text("langfuse.observation.completion_start_time", asJSON(first.AsTime().UTC().Format(time.RFC3339Nano)))
	}
	for name, value := range metadata(s) {
		a.Text("langfuse.observation.metadata."+name, value)
	}
	// On every span: an attribute of the trace that comes later never reaches the others.
	a.Text("langfuse.trace.name", traceName(s))
	a.Texts("langfuse.trace.tags", s.GetOrigin().GetTags())
	a.Text("langfuse.trace.metadata.thread_id", s.GetThreadId())
	a.Text("langfuse.environment", environment(s.GetOrigin().GetEnvironment()))
	a.Text("langfuse.release", s.GetResource()["service.version"])
}
