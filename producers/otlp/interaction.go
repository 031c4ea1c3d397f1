package otlp

import (
	"cmp"
	"encoding/json"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// maxSources bounds the texts of the sources of an interaction in bytes, so that it fits into a record.
const maxSources = 512 << 10

// interaction is what evaluators and datasets need of a trace, and the span that it comes from: nil where the request
// does not have what it takes.
func (t trace) interaction() (*event.InteractionCaptured, *span) {
	from, question, answer := t.entry()
	if from == nil {
		return nil, nil
	}
	known, thread := t.common() // also by spans of another request, which are on their way and stay as they are
	origin := proto.CloneOf(from.GetOrigin())
	complete(origin, known)
	in := &event.InteractionCaptured{
		TraceId: from.GetTraceId(), QueryId: from.GetQueryId(),
		// Conversations are kept together in datasets: without a thread the visit, or else the question alone.
		ThreadId: cmp.Or(from.GetThreadId(), thread, origin.GetSessionId(), from.GetTraceId()),
		Question: question, Answer: answer, Model: from.GetModel(), State: event.AnswerState_ANSWER_STATE_ANSWERED,
		Origin:        origin,
		LatencyMs:     max(from.GetEndTime().AsTime().Sub(from.GetStartTime().AsTime()).Milliseconds(), 0),
		PromptName:    attribute(from, "gen_ai.prompt.name", "traceloop.prompt.key"),
		PromptVersion: attribute(from, "ragline.prompt.version", "traceloop.prompt.version"),
		Sources:       t.sources(),
	}
	for _, s := range t {
		switch s.GetKind() {
		case event.SpanKind_SPAN_KIND_TOOL:
			if name := cmp.Or(s.tool, s.GetName()); !slices.Contains(in.GetToolsUsed(), name) {
				in.ToolsUsed = append(in.ToolsUsed, name)
			}
		case event.SpanKind_SPAN_KIND_LLM:
			in.Model = cmp.Or(s.GetModel(), in.GetModel()) // the last call writes the answer
			in.Usage = addUsage(in.GetUsage(), s.GetUsage())
			in.Cost = addCost(in.GetCost(), s.GetCost())
		}
	}
	return in, from
}

func attribute(s *span, names ...string) string {
	for _, name := range names {
		if v := s.GetAttributes()[name].GetStringValue(); v != "" {
			return v
		}
	}
	return ""
}

func addUsage(sum, u *event.Usage) *event.Usage {
	if u == nil {
		return sum
	}
	return &event.Usage{
		InputTokens:              sum.GetInputTokens() + u.GetInputTokens(),
		OutputTokens:             sum.GetOutputTokens() + u.GetOutputTokens(),
		CacheReadInputTokens:     sum.GetCacheReadInputTokens() + u.GetCacheReadInputTokens(),
		CacheCreationInputTokens: sum.GetCacheCreationInputTokens() + u.GetCacheCreationInputTokens(),
		ReasoningOutputTokens:    sum.GetReasoningOutputTokens() + u.GetReasoningOutputTokens(),
	}
}

func addCost(sum, c *event.Cost) *event.Cost {
	if c == nil {
		return sum
	}
	return &event.Cost{PicoUsd: sum.GetPicoUsd() + c.GetPicoUsd(), PriceTable: c.GetPriceTable()}
}

// sources are the documents of the retrieval spans, each once.
func (t trace) sources() []*event.Source {
	var all []*event.Source
	seen := map[string]bool{}
	bytes := 0
	for _, s := range t {
		if s.GetKind() != event.SpanKind_SPAN_KIND_RETRIEVAL {
			continue
		}
		for _, d := range documents(s.GetOutput()) {
			identity := d.GetDocumentId() + "\x00" + d.GetText()
			if bytes += len(d.GetText()) + len(d.GetTitle()); seen[identity] || bytes > maxSources {
				continue
			}
			seen[identity] = true
			all = append(all, d)
		}
	}
	return all
}

// documents reads the output of a retrieval span: a list of objects, whatever its family calls their fields.
func documents(output string) []*event.Source {
	var list []map[string]any
	if json.Unmarshal([]byte(output), &list) != nil {
		return nil
	}
	var all []*event.Source
	for _, fields := range list {
		metadata, _ := fields["metadata"].(map[string]any)
		if text, ok := fields["metadata"].(string); ok {
			_ = json.Unmarshal([]byte(text), &metadata) // metadata that is no JSON has no title
		}
		d := &event.Source{
			DocumentId: field(fields, "id", "document_id", "documentId"),
			Text:       field(fields, "content", "text", "page_content", "document", "snippet"),
			Title:      cmp.Or(field(fields, "title", "name"), field(metadata, "title", "name")),
			Uri:        cmp.Or(field(fields, "uri", "url"), field(metadata, "uri", "url", "source")),
		}
		d.Score, _ = fields["score"].(float64)
		if d.GetDocumentId() == "" {
			d.DocumentId = cmp.Or(d.GetUri(), d.GetTitle())
		}
		if len(d.GetDocumentId()) <= event.MaxIDBytes && (d.GetText() != "" || d.GetDocumentId() != "") {
			all = append(all, d)
		}
	}
	return all
}

func field(fields map[string]any, names ...string) string {
	for _, name := range names {
		if v, _ := fields[name].(string); v != "" {
			return v
		}
	}
	return ""
}
