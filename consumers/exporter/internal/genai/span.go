package genai

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// sampled is W3C's flag of a recorded trace.
const sampled = 1

// contentAttributes hold texts of people and models. They stay here unless Config.Content allows them.
var contentAttributes = map[string]bool{
	"gen_ai.input.messages":       true,
	"gen_ai.output.messages":      true,
	"gen_ai.system_instructions":  true,
	"gen_ai.tool.definitions":     true,
	"gen_ai.tool.call.arguments":  true,
	"gen_ai.tool.call.result":     true,
	"gen_ai.retrieval.query.text": true,
	"gen_ai.retrieval.documents":  true,
	"gen_ai.prompt":               true,
	"gen_ai.completion":           true,
}

func (m Mapper) span(s *event.SpanEnded) *tracepb.Span {
	span := &tracepb.Span{
		TraceId:           id(s.GetTraceId()),
		SpanId:            id(s.GetSpanId()),
		ParentSpanId:      id(s.GetParentSpanId()),
		Flags:             sampled,
		Name:              s.GetName(),
		Kind:              kind(s),
		StartTimeUnixNano: nanos(s.GetStartTime()),
		EndTimeUnixNano:   nanos(s.GetEndTime()),
		Attributes:        m.spanAttributes(s).Sorted(),
		Status:            &tracepb.Status{Message: s.GetStatusMessage(), Code: tracepb.Status_StatusCode(s.GetStatus())},
	}
	for _, e := range s.GetEvents() {
		span.Events = append(span.Events, &tracepb.Span_Event{
			TimeUnixNano: nanos(e.GetTime()), Name: e.GetName(), Attributes: m.verbatim(e.GetAttributes()).Sorted(),
		})
	}
	return span
}

// room is for the attributes that a span has besides its producer's.
const room = 24

// verbatim takes the producer's attributes over.
func (m Mapper) verbatim(given map[string]*event.AttributeValue) *Attributes {
	a := &Attributes{list: make([]*commonpb.KeyValue, 0, len(given)+room)}
	for name, value := range given {
		if m.Content || !contentAttributes[name] {
			a.Typed(name, value)
		}
	}
	return a
}

// spanAttributes adds what has a field of its own; an attribute of the same name wins.
func (m Mapper) spanAttributes(s *event.SpanEnded) *Attributes {
	a := m.verbatim(s.GetAttributes())
	a.Default("gen_ai.operation.name", s.GetOperation())
	a.Default("gen_ai.provider.name", s.GetProvider())
	if s.GetModel() != "" {
		a.Default("gen_ai.response.model", s.GetModel())
		a.Default("gen_ai.request.model", s.GetModel())
	}
	a.Default("gen_ai.conversation.id", s.GetThreadId())
	a.Default("user.id", s.GetOrigin().GetUserId())
	a.Default("session.id", s.GetOrigin().GetSessionId())
	a.Texts("ragline.tags", s.GetOrigin().GetTags())
	a.Default("ragline.query.id", s.GetQueryId())
	if k := s.GetKind(); k != event.SpanKind_SPAN_KIND_UNSPECIFIED {
		a.Default("ragline.span.kind", k.String()[len("SPAN_KIND_"):])
	}
	if s.GetStatus() == event.StatusCode_STATUS_CODE_ERROR {
		a.Default("error.type", "_OTHER")
	}
	if first := s.GetFirstTokenTime(); first.IsValid() && s.GetStartTime().IsValid() {
		a.Double("gen_ai.response.time_to_first_chunk", first.AsTime().Sub(s.GetStartTime().AsTime()).Seconds())
	}
	addUsage(a, s.GetUsage())
	addCost(a, s.GetCost())
	if m.Content && !m.NoNames {
		addContent(a, s)
	}
	if m.Extra != nil {
		m.Extra(s, a)
	}
	return a
}

func addUsage(a *Attributes, u *event.Usage) {
	if u == nil {
		return
	}
	a.Number("gen_ai.usage.input_tokens", u.GetInputTokens())
	a.Number("gen_ai.usage.output_tokens", u.GetOutputTokens())
	for name, tokens := range map[string]int64{
		"gen_ai.usage.cache_read.input_tokens":     u.GetCacheReadInputTokens(),
		"gen_ai.usage.cache_creation.input_tokens": u.GetCacheCreationInputTokens(),
		"gen_ai.usage.reasoning.output_tokens":     u.GetReasoningOutputTokens(),
	} {
		if tokens != 0 {
			a.Number(name, tokens)
		}
	}
}

// addCost uses names of our own: the conventions have none for money.
func addCost(a *Attributes, c *event.Cost) {
	if c == nil { // unknown, which is not zero
		return
	}
	a.Number("ragline.cost.pico_usd", c.GetPicoUsd())
	a.Double("ragline.cost.usd", float64(c.GetPicoUsd())/1e12)
	a.Text("ragline.cost.price_table", c.GetPriceTable())
}

// addContent gives input and output the names that the conventions have for the operation.
func addContent(a *Attributes, s *event.SpanEnded) {
	switch s.GetOperation() {
	case "execute_tool":
		a.Default("gen_ai.tool.call.arguments", s.GetInput())
		a.Default("gen_ai.tool.call.result", s.GetOutput())
	case "retrieval":
		a.Default("gen_ai.retrieval.query.text", s.GetInput())
		a.Default("gen_ai.retrieval.documents", s.GetOutput())
	case "chat", "text_completion", "generate_content", "invoke_agent", "create_agent", "invoke_workflow":
		a.Default("gen_ai.input.messages", messages("user", s.GetInput()))
		a.Default("gen_ai.output.messages", messages("assistant", s.GetOutput()))
	default:
		a.Default("ragline.input", s.GetInput())
		a.Default("ragline.output", s.GetOutput())
	}
}

// messages wraps plain text in the form of the conventions; a JSON array is taken for messages already.
func messages(role, content string) string {
	var list []map[string]any
	if content == "" || json.Unmarshal([]byte(content), &list) == nil && list != nil {
		return content
	}
	type part struct {
		Type    string `json:"type"`
		Content string `json:"content"`
	}
	type message struct {
		Role  string `json:"role"`
		Parts []part `json:"parts"`
	}
	wrapped, _ := json.Marshal([]message{{role, []part{{"text", content}}}}) // texts always marshal
	return string(wrapped)
}

// kind follows the conventions: calls to a model or an index are client spans.
func kind(s *event.SpanEnded) tracepb.Span_SpanKind {
	switch s.GetKind() {
	case event.SpanKind_SPAN_KIND_LLM, event.SpanKind_SPAN_KIND_EMBEDDING, event.SpanKind_SPAN_KIND_RETRIEVAL:
		return tracepb.Span_SPAN_KIND_CLIENT
	default:
		return tracepb.Span_SPAN_KIND_INTERNAL
	}
}

// id decodes hex that Decode has checked. Empty gives nil.
func id(digits string) []byte {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) == 0 {
		return nil
	}
	return raw
}

func nanos(t *timestamppb.Timestamp) uint64 {
	if t == nil {
		return 0
	}
	return uint64(max(t.AsTime().UnixNano(), 0))
}

// USD is an amount of picodollars in dollars, exactly.
func USD(pico int64) string {
	var room [32]byte
	text, amount := room[:0], uint64(pico) //nolint:gosec // its size, below
	if pico < 0 {
		text, amount = append(text, '-'), -amount // the lowest int64 has no positive one
	}
	text = strconv.AppendUint(text, amount/1e12, 10)
	whole := len(text)
	text = strconv.AppendUint(text, amount%1e12+1e12, 10) // a one, and twelve digits
	text[whole] = '.'
	return string(bytes.TrimRight(bytes.TrimRight(text, "0"), "."))
}
