package langfuse

import (
	"context"
	"encoding/json"
	"time"

	"github.com/henomis/langfuse-go/model"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// legacy is the backend of mode legacy. The server keeps one copy of each id, so it is no trace.Finder: sending again is
// as good as asking.
type legacy struct{ backend }

var (
	_ trace.Backend = (*legacy)(nil)
	_ trace.Prober  = (*legacy)(nil)
	_ trace.Checker = (*legacy)(nil)
	_ trace.Counter = (*legacy)(nil)
)

// Export sends one batch of entries.
func (b *legacy) Export(ctx context.Context, batch trace.Batch) (trace.Result, error) {
	indexes := make([]int, len(batch.Events))
	for i := range indexes {
		indexes[i] = i
	}
	return b.ingest(ctx, batch.Events, indexes)
}

// Probe asks who the key belongs to: the endpoint takes no empty batch.
func (b *legacy) Probe(ctx context.Context, _ event.Event) error {
	_, err := b.Check(ctx)
	return err
}

// These are langfuse-go's types with what they lack. Its Generation always sends a usage, so it is not one of them.
type (
	traceBody struct {
		model.Trace
		Environment string `json:"environment,omitempty"`
	}
	spanBody struct {
		model.Span
		Environment string `json:"environment,omitempty"`
	}
	generationBody struct {
		spanBody
		Model               string                 `json:"model,omitempty"`
		ModelParameters     map[string]any         `json:"modelParameters,omitempty"`
		CompletionStartTime *time.Time             `json:"completionStartTime,omitempty"`
		UsageDetails        map[string]int64       `json:"usageDetails,omitempty"`
		CostDetails         map[string]json.Number `json:"costDetails,omitempty"`
	}
)

// entriesOf are a span and, with the root, the trace; or a score.
func (b backend) entriesOf(e event.Event) (entries []entry, reason string) {
	s, ok := e.Data.(*event.SpanEnded)
	if !ok {
		body, reason := b.scoreOf(e)
		return []entry{{ID: e.ID, Type: model.IngestionEventTypeScoreCreate, Timestamp: timestamp(e.Time), Body: body}}, reason
	}
	at := timestamp(s.GetEndTime().AsTime())
	if s.GetParentSpanId() == "" {
		entries = append(entries, entry{ID: e.ID + "-trace", Type: model.IngestionEventTypeTraceCreate, Timestamp: at, Body: b.traceBody(s)})
	}
	kind, body := model.IngestionEventType(model.IngestionEventTypeSpanCreate), any(b.spanBody(s))
	if t := observationType(s); t == "generation" || t == "embedding" {
		kind, body = model.IngestionEventTypeGenerationCreate, b.generationBody(s)
	}
	return append(entries, entry{ID: e.ID, Type: kind, Timestamp: at, Body: body}), ""
}

func (b backend) traceBody(s *event.SpanEnded) traceBody {
	start := s.GetStartTime().AsTime()
	body := traceBody{Environment: environment(s.GetOrigin().GetEnvironment()), Trace: model.Trace{
		ID: s.GetTraceId(), Timestamp: &start, Name: s.GetName(), UserID: s.GetOrigin().GetUserId(), SessionID: s.GetOrigin().GetSessionId(),
		Release: s.GetResource()["service.version"], Tags: s.GetOrigin().GetTags(), Metadata: metadata(s),
	}}
	if b.content {
		body.Input, body.Output = given(s.GetInput()), given(s.GetOutput())
	}
	return body
}

func (b backend) spanBody(s *event.SpanEnded) spanBody {
	start, end := s.GetStartTime().AsTime(), s.GetEndTime().AsTime()
	body := spanBody{Environment: environment(s.GetOrigin().GetEnvironment()), Span: model.Span{
		ID: s.GetSpanId(), TraceID: s.GetTraceId(), ParentObservationID: s.GetParentSpanId(), Name: s.GetName(), StartTime: &start, EndTime: &end,
		Level: model.ObservationLevel(level(s)), StatusMessage: s.GetStatusMessage(), Metadata: metadata(s),
	}}
	if b.content {
		body.Input, body.Output = given(s.GetInput()), given(s.GetOutput())
	}
	return body
}

func (b backend) generationBody(s *event.SpanEnded) generationBody {
	body := generationBody{spanBody: b.spanBody(s), Model: s.GetModel(), ModelParameters: modelParameters(s), UsageDetails: usageDetails(s.GetUsage()), CostDetails: costDetails(s.GetCost())}
	if first := s.GetFirstTokenTime(); first.IsValid() {
		at := first.AsTime()
		body.CompletionStartTime = &at
	}
	return body
}

// given keeps JSON as JSON and text as text.
func given(content string) any {
	switch {
	case content == "":
		return nil
	case json.Valid([]byte(content)):
		return json.RawMessage(content)
	default:
		return content
	}
}
