package langfuse

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/schemas/event"
)

// kindTypes are LangFuse's observation types of our kinds.
var kindTypes = map[event.SpanKind]string{
	event.SpanKind_SPAN_KIND_AGENT:      "agent",
	event.SpanKind_SPAN_KIND_LLM:        "generation",
	event.SpanKind_SPAN_KIND_TOOL:       "tool",
	event.SpanKind_SPAN_KIND_RETRIEVAL:  "retriever",
	event.SpanKind_SPAN_KIND_EMBEDDING:  "embedding",
	event.SpanKind_SPAN_KIND_DECISION:   "chain",
	event.SpanKind_SPAN_KIND_VALIDATION: "guardrail",
}

// operationTypes are for spans of other producers that have no kind.
var operationTypes = map[string]string{
	"chat": "generation", "text_completion": "generation", "generate_content": "generation", "embeddings": "embedding",
	"invoke_agent": "agent", "create_agent": "agent", "invoke_workflow": "chain", "execute_tool": "tool", "retrieval": "retriever",
}

func observationType(s *event.SpanEnded) string {
	if t := kindTypes[s.GetKind()]; t != "" {
		return t
	}
	if t := operationTypes[s.GetOperation()]; t != "" {
		return t
	}
	return "span"
}

// traceName is the same for every span of a trace, as v4 wants it: the root's name is not known to a child.
func traceName(s *event.SpanEnded) string {
	if name := s.GetResource()["service.name"]; name != "" {
		return name
	}
	return "ragline"
}

func level(s *event.SpanEnded) string {
	if s.GetStatus() == event.StatusCode_STATUS_CODE_ERROR {
		return "ERROR"
	}
	return "DEFAULT"
}

// usageDetails are buckets that do not overlap, where OTel's totals include their parts.
func usageDetails(u *event.Usage) map[string]int64 {
	if u == nil {
		return nil
	}
	cached, written, reasoning := u.GetCacheReadInputTokens(), u.GetCacheCreationInputTokens(), u.GetReasoningOutputTokens()
	details := map[string]int64{
		"input":  max(u.GetInputTokens()-cached-written, 0),
		"output": max(u.GetOutputTokens()-reasoning, 0),
		"total":  max(u.GetInputTokens(), 0) + max(u.GetOutputTokens(), 0),
	}
	for name, tokens := range map[string]int64{"input_cached_tokens": cached, "input_cache_creation": written, "output_reasoning_tokens": reasoning} {
		if tokens > 0 {
			details[name] = tokens
		}
	}
	return details
}

// usageJSON is by hand: it is on every model call.
func usageJSON(details map[string]int64) string {
	text := make([]byte, 0, 128)
	for _, name := range slices.Sorted(maps.Keys(details)) {
		text = append(text, `,"`+name+`":`...)
		text = strconv.AppendInt(text, details[name], 10)
	}
	text[0] = '{'
	return string(append(text, '}'))
}

// costDetails are exact: LangFuse keeps twelve digits after the point, which is a picodollar.
func costDetails(c *event.Cost) map[string]json.Number {
	if c == nil {
		return nil
	}
	return map[string]json.Number{"total": json.Number(genai.USD(c.GetPicoUsd()))}
}

// modelParameters are the gen_ai.request attributes under their own names.
func modelParameters(s *event.SpanEnded) map[string]any {
	parameters := map[string]any{}
	for name, value := range s.GetAttributes() {
		short, ok := strings.CutPrefix(name, "gen_ai.request.")
		if !ok || short == "model" {
			continue
		}
		switch v := value.GetValue().(type) {
		case *event.AttributeValue_StringValue:
			parameters[short] = v.StringValue
		case *event.AttributeValue_IntValue:
			parameters[short] = v.IntValue
		case *event.AttributeValue_DoubleValue:
			parameters[short] = v.DoubleValue
		case *event.AttributeValue_BoolValue:
			parameters[short] = v.BoolValue
		case *event.AttributeValue_JsonValue:
			parameters[short] = v.JsonValue
		}
	}
	return parameters
}

// metadata is what people filter observations by.
func metadata(s *event.SpanEnded) map[string]string {
	all := map[string]string{"query_id": s.GetQueryId(), "operation": s.GetOperation(), "provider": s.GetProvider(), "price_table": s.GetCost().GetPriceTable()}
	if s.GetKind() != event.SpanKind_SPAN_KIND_UNSPECIFIED {
		all["kind"] = s.GetKind().String()[len("SPAN_KIND_"):]
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// timestamp is ISO 8601 with what LangFuse keeps.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func asJSON(v any) string {
	raw, _ := json.Marshal(v) // maps of numbers and texts always marshal
	return string(raw)
}
