package langsmith

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

var runTypes = map[event.SpanKind]string{
	event.SpanKind_SPAN_KIND_LLM:       "llm",
	event.SpanKind_SPAN_KIND_TOOL:      "tool",
	event.SpanKind_SPAN_KIND_RETRIEVAL: "retriever",
	event.SpanKind_SPAN_KIND_EMBEDDING: "embedding",
}

// kinds are the names of the metadata.
var kinds = func() map[event.SpanKind]string {
	names := map[event.SpanKind]string{}
	for kind, name := range event.SpanKind_name {
		if kind != 0 {
			names[event.SpanKind(kind)] = strings.ToLower(name[len("SPAN_KIND_"):])
		}
	}
	return names
}()

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

// run adds a span: what it is, and inputs, outputs and so on as parts of their own.
func (b *Backend) run(f *form, s *event.SpanEnded, path trace.Path) {
	var room [512]byte
	p, order := placeOf(room[:0], s.GetTraceId(), s.GetSpanId(), s.GetStartTime().AsTime(), path)
	f.begin("post", p.id, "")
	f.json = b.appendRun(f.json, s, p, order)
	f.end()
	if b.cfg.Content {
		f.content(p.id, "inputs", "input", s.GetInput())
		f.content(p.id, "outputs", "output", s.GetOutput())
	}
	f.begin("post", p.id, "extra")
	f.json = append(appendMetadata(append(f.json, `{"metadata":{`...), s, p), "}}"...)
	f.end()
	f.events(p.id, s)
	if s.GetStatus() == event.StatusCode_STATUS_CODE_ERROR {
		reason := s.GetStatusMessage()
		if reason == "" {
			reason = "error"
		}
		f.begin("post", p.id, "error")
		f.json = appendText(f.json, reason)
		f.end()
	}
}

func (b *Backend) appendRun(j []byte, s *event.SpanEnded, p place, order []byte) []byte {
	j = appendID(append(j, '{'), "id", p.id)
	j = appendID(j, "trace_id", p.traceID)
	if p.parentID != uuid.Nil {
		j = appendID(j, "parent_run_id", p.parentID)
	}
	j = append(append(append(appendName(j, "dotted_order"), '"'), order...), '"')
	j = appendText(appendName(j, "name"), s.GetName())
	j = appendField(j, "run_type", runType(s))
	j = appendTime(j, "start_time", s.GetStartTime().AsTime())
	j = appendTime(j, "end_time", s.GetEndTime().AsTime())
	j = appendField(j, "session_name", b.cfg.Project)
	if tags := s.GetOrigin().GetTags(); len(tags) > 0 {
		j = append(appendName(j, "tags"), '[')
		for i, tag := range tags {
			if i > 0 {
				j = append(j, ',')
			}
			j = appendText(j, tag)
		}
		j = append(j, ']')
	}
	return append(j, '}')
}

// field is a text of the metadata.
type field struct{ name, value string }

// texts are what LangSmith groups and filters by; thread_id makes threads, ls_* costs.
func texts(s *event.SpanEnded) [13]field {
	o := s.GetOrigin()
	return [...]field{
		{"otel_trace_id", s.GetTraceId()},
		{"otel_span_id", s.GetSpanId()},
		{"thread_id", s.GetThreadId()},
		{"query_id", s.GetQueryId()},
		{"user_id", o.GetUserId()},
		{"session_id", o.GetSessionId()},
		{"environment", o.GetEnvironment()},
		{"operation", s.GetOperation()},
		{"ls_provider", s.GetProvider()},
		{"ls_model_name", s.GetModel()},
		{"kind", kinds[s.GetKind()]},
		{"service", s.GetResource()["service.name"]},
		{"revision_id", s.GetResource()["service.version"]},
	}
}

func appendMetadata(j []byte, s *event.SpanEnded, p place) []byte {
	for _, f := range texts(s) {
		j = appendField(j, f.name, f.value)
	}
	if p.orphan {
		j = append(appendName(j, "orphan"), "true"...)
	}
	for _, name := range [...]string{"temperature", "max_tokens"} {
		switch v := s.GetAttributes()["gen_ai.request."+name].GetValue().(type) { // a text is no number
		case *event.AttributeValue_IntValue:
			j = appendNumber(j, "ls_"+name, v.IntValue)
		case *event.AttributeValue_DoubleValue:
			j = appendFloat(j, "ls_"+name, v.DoubleValue)
		}
	}
	return appendUsage(j, s)
}

// appendUsage appends totals that include their details, as OTel's do, and the exact cost.
func appendUsage(j []byte, s *event.SpanEnded) []byte {
	u := s.GetUsage()
	if u == nil && s.GetCost() == nil || runType(s) == "chain" { // a chain's cost is that of its model calls
		return j
	}
	j = append(appendName(j, "usage_metadata"), '{')
	j = appendNumber(j, "input_tokens", u.GetInputTokens())
	j = appendNumber(j, "output_tokens", u.GetOutputTokens())
	j = appendNumber(j, "total_tokens", u.GetInputTokens()+u.GetOutputTokens())
	if read, made := u.GetCacheReadInputTokens(), u.GetCacheCreationInputTokens(); read+made > 0 {
		j = append(appendName(j, "input_token_details"), '{')
		j = append(appendNumber(appendNumber(j, "cache_read", read), "cache_creation", made), '}')
	}
	if n := u.GetReasoningOutputTokens(); n > 0 {
		j = append(appendNumber(append(appendName(j, "output_token_details"), '{'), "reasoning", n), '}')
	}
	if c := s.GetCost(); c != nil {
		j = append(appendName(j, "total_cost"), genai.USD(c.GetPicoUsd())...)
	}
	return append(j, '}')
}

// events adds the part of a span's events, if it has any.
func (f *form) events(id uuid.UUID, s *event.SpanEnded) {
	f.begin("post", id, "events")
	f.json = append(f.json, '[')
	add := func(name string, at time.Time) {
		if len(f.json) > 1 {
			f.json = append(f.json, ',')
		}
		f.json = append(appendTime(appendText(appendName(append(f.json, '{'), "name"), name), "time", at), '}')
	}
	if first := s.GetFirstTokenTime(); first.IsValid() {
		add("new_token", first.AsTime())
	}
	for _, e := range s.GetEvents() {
		if e.GetTime().IsValid() {
			add(e.GetName(), e.GetTime().AsTime())
		}
	}
	if len(f.json) > 1 {
		f.json = append(f.json, ']')
		f.end()
	}
}

// content adds a text as the object that LangSmith wants: JSON as such, and messages under a name that it shows.
func (f *form) content(id uuid.UUID, of, name, text string) {
	f.begin("post", id, of)
	defer f.end()
	if text == "" {
		f.json = append(f.json, "{}"...)
		return
	}
	if !isJSON(text, f.json) {
		f.json = append(appendField(append(f.json, '{'), name, text), '}')
		return
	}
	if text[0] == '{' {
		f.json = append(f.json, text...)
		return
	}
	if text[0] == '[' && isMessages(text) {
		name = "messages"
	}
	f.json = append(append(appendName(append(f.json, '{'), name), text...), '}')
}

// isJSON looks at the first character before it reads the text, through a buffer.
func isJSON(text string, buffer []byte) bool {
	return strings.IndexByte("{[\"-0123456789tfn \t\r\n", text[0]) >= 0 && json.Valid(append(buffer, text...))
}

func isMessages(text string) bool {
	var list []struct{ Role string }
	return json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 && list[0].Role != ""
}
