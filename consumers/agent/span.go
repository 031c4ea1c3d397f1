package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

const (
	// agentName is gen_ai.agent.name.
	agentName = "ragline"
	// dataSource is gen_ai.data_source.id of the knowledge base.
	dataSource = "documents"
	// maxContent bounds the input and the output of a span in bytes. What evaluators need is in the interaction, whole.
	maxContent = 32 << 10
)

// traceID and spanID are derived, so that a step that runs again gives the same ids.
func traceID(runID string) string { return digest(16, "trace", runID) }

func spanID(runID string, parts ...string) string {
	return digest(8, append([]string{"span", runID}, parts...)...)
}

func rootSpan(runID string) string { return spanID(runID, "root") }

func digest(n int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:n])
}

// span returns a span with what all spans of the run share.
func (t *trace) span(name string, kind event.SpanKind, started, ended time.Time) *event.SpanEnded {
	s := &event.SpanEnded{
		TraceId: traceID(t.run.ID), Name: name, Kind: kind,
		StartTime: timestamppb.New(started), EndTime: timestamppb.New(ended), Status: event.StatusCode_STATUS_CODE_OK,
		Attributes: map[string]*event.AttributeValue{"gen_ai.conversation.id": text(t.in.ThreadID), "gen_ai.agent.name": text(agentName)},
		Resource:   map[string]string{"service.name": source},
		ThreadId:   t.in.ThreadID, QueryId: t.in.QueryID, Origin: t.in.query.GetOrigin(),
	}
	if t.model != "" { // not the field model: only a call of a model has tokens and a cost
		s.Attributes["ragline.model"] = text(t.model)
		s.Attributes["ragline.model.self_trained"] = &event.AttributeValue{Value: &event.AttributeValue_BoolValue{BoolValue: t.selfTrained}}
	}
	return s
}

// rootOf is the span of the whole run, from its acceptance to its answer.
func (t *trace) rootOf(r react.Result, ended time.Time) *event.SpanEnded {
	s := t.span("invoke_agent "+agentName, event.SpanKind_SPAN_KIND_AGENT, t.in.At, ended)
	s.SpanId, s.Operation = rootSpan(t.run.ID), "invoke_agent"
	s.Input, s.Output = clip(t.in.query.GetText()), clip(r.Answer)
	s.Attributes["ragline.iterations"] = number(int64(r.Iterations))
	s.Attributes["ragline.answer.state"] = text(string(r.State))
	prompted(s, r.Prompt)
	if !r.Success() && r.State != react.StateRejected {
		s.Status, s.StatusMessage = event.StatusCode_STATUS_CODE_ERROR, r.Error
	}
	return s
}

// stepSpans are the span of a node and of what the node called.
func (t *trace) stepSpans(step int, task graph.TaskResult) []*event.SpanEnded {
	s := t.span(task.Node, kindOfNode(task.Node), task.Started, task.Ended)
	s.SpanId, s.ParentSpanId = spanID(t.run.ID, strconv.Itoa(step), task.Path), rootSpan(t.run.ID)
	s.Attributes["ragline.step"] = number(int64(step))
	out := []*event.SpanEnded{s}
	for _, note := range task.Notes {
		switch n := note.(type) {
		case react.ModelCall:
			out = append(out, t.modelSpan(s.GetSpanId(), n))
		case react.ToolCall:
			out = append(out, t.toolSpans(s.GetSpanId(), n)...)
		case react.Reviewed:
			s.Input, s.Output = clip(string(n.Call.Arguments)), string(n.Decision.Kind)
			s.Attributes["ragline.review.reviewer"] = text(n.Decision.Reviewer)
		}
	}
	return out
}

func kindOfNode(node string) event.SpanKind {
	switch node {
	case react.NodeSelector, react.NodeReview:
		return event.SpanKind_SPAN_KIND_DECISION
	default:
		return event.SpanKind_SPAN_KIND_AGENT
	}
}

func (t *trace) modelSpan(parent string, n react.ModelCall) *event.SpanEnded {
	s := t.span("chat "+n.Model, event.SpanKind_SPAN_KIND_LLM, n.Started, n.Ended)
	s.SpanId, s.ParentSpanId, s.Operation = spanID(t.run.ID, parent, "chat"), parent, "chat"
	s.Provider, s.Model = n.Response.Provider, n.Response.Model
	s.Usage, s.Cost = usageOf(n.Response.Usage), costOf(n.Spent)
	s.Input, s.Output = clip(marshal(n.Request.Messages)), clip(said(n.Response))
	prompted(s, n.Prompt)
	s.Attributes["gen_ai.request.model"] = text(n.Model)
	s.Attributes["gen_ai.response.finish_reasons"] = &event.AttributeValue{Value: &event.AttributeValue_JsonValue{JsonValue: marshal([]string{n.Response.FinishReason})}}
	if !n.Response.FirstToken.IsZero() {
		s.FirstTokenTime = timestamppb.New(n.Response.FirstToken)
	}
	return s
}

func said(r llm.Response) string {
	if len(r.Calls) > 0 {
		return marshal(map[string]any{"thought": r.Thought, "calls": r.Calls})
	}
	return r.Text
}

// prompted says what the model was told, by the prompt's name and version.
func prompted(s *event.SpanEnded, p llm.Prompt) {
	if p.Name != "" {
		s.Attributes["gen_ai.prompt.name"] = text(p.Name)
		s.Attributes["ragline.prompt.version"] = text(p.Version)
	}
}

func (t *trace) toolSpans(parent string, n react.ToolCall) []*event.SpanEnded {
	s := t.span("execute_tool "+n.Tool.Name, event.SpanKind_SPAN_KIND_TOOL, n.Started, n.Ended)
	s.SpanId, s.ParentSpanId, s.Operation = spanID(t.run.ID, parent, n.Call.Key), parent, "execute_tool"
	s.Input, s.Output = clip(string(n.Call.Arguments)), clip(n.Result.Text)
	s.Attributes["gen_ai.tool.name"] = text(n.Tool.Name)
	s.Attributes["gen_ai.tool.call.id"] = text(n.Call.ID)
	s.Attributes["gen_ai.tool.type"] = text("function")
	if n.Error != "" {
		s.Status, s.StatusMessage = event.StatusCode_STATUS_CODE_ERROR, n.Error
		s.Attributes["error.type"] = text(string(n.Failure))
	}
	out := []*event.SpanEnded{s}
	if n.Tool.Name == llm.SearchTool && n.Error == "" {
		out = append(out, t.retrievalSpan(s.GetSpanId(), n))
	}
	return out
}

func (t *trace) retrievalSpan(parent string, n react.ToolCall) *event.SpanEnded {
	s := t.span("retrieval "+dataSource, event.SpanKind_SPAN_KIND_RETRIEVAL, n.Started, n.Ended)
	s.SpanId, s.ParentSpanId, s.Operation = spanID(t.run.ID, parent, "retrieval"), parent, "retrieval"
	type hit struct {
		ID    string  `json:"id"`
		Score float64 `json:"score"`
	}
	hits := []hit{}
	for _, p := range n.Result.Sources() {
		hits = append(hits, hit{p.DocumentID, p.Score})
	}
	var args struct {
		Query string `json:"query"`
	}
	_ = json.Unmarshal(n.Call.Arguments, &args) // the tool has accepted them
	s.Input, s.Output = clip(args.Query), clip(marshal(n.Result.Sources()))
	s.Attributes["gen_ai.data_source.id"] = text(dataSource)
	s.Attributes["gen_ai.retrieval.query.text"] = text(clip(args.Query))
	s.Attributes["gen_ai.retrieval.documents"] = &event.AttributeValue{Value: &event.AttributeValue_JsonValue{JsonValue: marshal(hits)}}
	return s
}

func text(v string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: v}}
}

func number(v int64) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_IntValue{IntValue: v}}
}

func marshal(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// clip bounds what a span says.
func clip(s string) string { return clipTo(s, maxContent) }

// clipTo cuts at a rune.
func clipTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
