package langsmith

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// run is a run as it is posted. Inputs, outputs and so on are parts of their own.
type run struct {
	ID          string   `json:"id"`
	TraceID     string   `json:"trace_id"`
	ParentRunID string   `json:"parent_run_id,omitempty"`
	DottedOrder string   `json:"dotted_order"`
	Name        string   `json:"name"`
	RunType     string   `json:"run_type"`
	StartTime   string   `json:"start_time"`
	EndTime     string   `json:"end_time"`
	SessionName string   `json:"session_name"`
	Tags        []string `json:"tags,omitempty"`

	inputs, outputs any
	extra           any
	events          any
	err             string
}

var runTypes = map[event.SpanKind]string{
	event.SpanKind_SPAN_KIND_LLM:       "llm",
	event.SpanKind_SPAN_KIND_TOOL:      "tool",
	event.SpanKind_SPAN_KIND_RETRIEVAL: "retriever",
	event.SpanKind_SPAN_KIND_EMBEDDING: "embedding",
}

// operationTypes are for spans of other producers that have no kind.
var operationTypes = map[string]string{
	"chat": "llm", "text_completion": "llm", "generate_content": "llm", "embeddings": "embedding", "execute_tool": "tool", "retrieval": "retriever",
}

func runType(s *event.SpanEnded) string {
	if s.GetKind() == event.SpanKind_SPAN_KIND_UNSPECIFIED {
		if t := operationTypes[s.GetOperation()]; t != "" {
			return t
		}
	}
	if t := runTypes[s.GetKind()]; t != "" {
		return t
	}
	return "chain"
}

func (b *Backend) runOf(s *event.SpanEnded, path trace.Path) run {
	p := placeOf(s, path)
	r := run{
		ID: p.id, TraceID: p.traceID, ParentRunID: p.parentID, DottedOrder: p.order, Name: s.GetName(), RunType: runType(s),
		StartTime: iso(s.GetStartTime().AsTime()), EndTime: iso(s.GetEndTime().AsTime()), SessionName: b.cfg.Project, Tags: s.GetOrigin().GetTags(),
		extra: map[string]any{"metadata": metadata(s, p)}, events: events(s),
	}
	if s.GetStatus() == event.StatusCode_STATUS_CODE_ERROR {
		if r.err = s.GetStatusMessage(); r.err == "" {
			r.err = "error"
		}
	}
	if b.cfg.Content {
		r.inputs, r.outputs = content("input", s.GetInput()), content("output", s.GetOutput())
	}
	return r
}

// metadata is what LangSmith groups and filters by; thread_id makes threads, ls_* and usage_metadata costs.
func metadata(s *event.SpanEnded, p place) map[string]any {
	m := map[string]any{"otel_trace_id": s.GetTraceId(), "otel_span_id": s.GetSpanId()}
	for name, value := range map[string]string{
		"thread_id": s.GetThreadId(), "query_id": s.GetQueryId(), "user_id": s.GetOrigin().GetUserId(), "session_id": s.GetOrigin().GetSessionId(),
		"environment": s.GetOrigin().GetEnvironment(), "operation": s.GetOperation(), "ls_provider": s.GetProvider(), "ls_model_name": s.GetModel(),
		"service": s.GetResource()["service.name"], "revision_id": s.GetResource()["service.version"],
	} {
		if value != "" {
			m[name] = value
		}
	}
	if kind := s.GetKind(); kind != event.SpanKind_SPAN_KIND_UNSPECIFIED {
		m["kind"] = strings.ToLower(kind.String()[len("SPAN_KIND_"):])
	}
	if p.orphan {
		m["orphan"] = true
	}
	if u := usage(s); u != nil {
		m["usage_metadata"] = u
	}
	for name, v := range s.GetAttributes() {
		if !strings.HasPrefix(name, "gen_ai.request.") {
			continue
		}
		if short := "ls_" + strings.TrimPrefix(name, "gen_ai.request."); short == "ls_temperature" || short == "ls_max_tokens" {
			m[short] = number(v)
		}
	}
	return m
}

func number(v *event.AttributeValue) any {
	if n, ok := v.GetValue().(*event.AttributeValue_IntValue); ok {
		return n.IntValue
	}
	return v.GetDoubleValue()
}

// usage has totals that include their details, as OTel's do, and the exact cost.
func usage(s *event.SpanEnded) map[string]any {
	u := s.GetUsage()
	if u == nil && s.GetCost() == nil || runType(s) == "chain" { // a chain's cost is that of its model calls
		return nil
	}
	m := map[string]any{"input_tokens": u.GetInputTokens(), "output_tokens": u.GetOutputTokens(), "total_tokens": u.GetInputTokens() + u.GetOutputTokens()}
	if n := u.GetCacheReadInputTokens() + u.GetCacheCreationInputTokens(); n > 0 {
		m["input_token_details"] = map[string]int64{"cache_read": u.GetCacheReadInputTokens(), "cache_creation": u.GetCacheCreationInputTokens()}
	}
	if n := u.GetReasoningOutputTokens(); n > 0 {
		m["output_token_details"] = map[string]int64{"reasoning": n}
	}
	if c := s.GetCost(); c != nil {
		m["total_cost"] = json.Number(genai.USD(c.GetPicoUsd()))
	}
	return m
}

func events(s *event.SpanEnded) any {
	var all []map[string]any
	if first := s.GetFirstTokenTime(); first.IsValid() {
		all = append(all, map[string]any{"name": "new_token", "time": iso(first.AsTime())})
	}
	for _, e := range s.GetEvents() {
		if e.GetTime().IsValid() {
			all = append(all, map[string]any{"name": e.GetName(), "time": iso(e.GetTime().AsTime())})
		}
	}
	if all == nil {
		return nil
	}
	return all
}

// content makes the object that LangSmith wants of a text: messages are shown as such.
func content(name, text string) any {
	if text == "" {
		return map[string]any{}
	}
	if !json.Valid([]byte(text)) {
		return map[string]any{name: text}
	}
	switch text[0] {
	case '{':
		return json.RawMessage(text)
	case '[':
		var list []struct{ Role string }
		if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 && list[0].Role != "" {
			name = "messages"
		}
	}
	return map[string]any{name: json.RawMessage(text)}
}

func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
