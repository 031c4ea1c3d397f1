package otlp

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/schemas/event"
)

// takeInput takes what went into the work: messages before the raw request, which then stays in the attributes.
func takeInput(a attributes, kind event.SpanKind, events *[]*tracepb.Span_Event) string {
	if kind == event.SpanKind_SPAN_KIND_RETRIEVAL {
		if query := a.takeContent("gen_ai.retrieval.query.text", "reranker.query"); query != "" {
			return query
		}
	}
	return first(
		func() string { return a.takeContent("gen_ai.input.messages", "gen_ai.tool.call.arguments") },
		func() string { return a.takeList("llm.input_messages.", "message", "message_content", "tool_call") },
		func() string { return a.takeList("gen_ai.prompt.") },
		func() string { return takeMessages(events, "gen_ai.content.prompt", "gen_ai.prompt", promptEvents()) },
		func() string {
			return a.takeContent("gen_ai.prompt", "traceloop.entity.input", "input.value", "langfuse.observation.input", "ragline.input")
		},
	)
}

// takeOutput takes what came out of the work.
func takeOutput(a attributes, kind event.SpanKind, events *[]*tracepb.Span_Event) string {
	if kind == event.SpanKind_SPAN_KIND_RETRIEVAL {
		if documents := first(
			func() string { return a.takeContent("gen_ai.retrieval.documents") },
			func() string { return a.takeList("retrieval.documents.", "document") },
			func() string { return a.takeList("reranker.output_documents.", "document") },
			func() string { return takeResults(events) },
		); documents != "" {
			return documents
		}
	}
	return first(
		func() string { return a.takeContent("gen_ai.output.messages", "gen_ai.tool.call.result") },
		func() string { return a.takeList("llm.output_messages.", "message", "message_content", "tool_call") },
		func() string { return a.takeList("gen_ai.completion.") },
		func() string {
			return takeMessages(events, "gen_ai.content.completion", "gen_ai.completion", []string{"gen_ai.choice"})
		},
		func() string {
			return a.takeContent("gen_ai.completion", "traceloop.entity.output", "output.value", "langfuse.observation.output", "ragline.output")
		},
	)
}

func first(sources ...func() string) string {
	for _, source := range sources {
		if value := source(); value != "" {
			return value
		}
	}
	return ""
}

const (
	maxPath  = 16     // parts of a flattened name
	maxIndex = 10_000 // of a flattened list
)

// takeList takes the attributes below a prefix, which are a list whose structure was flattened into names, as JSON.
// Objects that only wrap another, such as {"message": ...}, are taken off.
func (a attributes) takeList(prefix string, wrappers ...string) string {
	root := &node{}
	var names []string
	for name, value := range a {
		rest, below := strings.CutPrefix(name, prefix)
		if !below {
			continue
		}
		if !root.put(strings.Split(rest, "."), plain(value)) {
			return ""
		}
		names = append(names, name)
	}
	list, ok := root.value(wrappers).([]any)
	if !ok {
		return ""
	}
	for _, name := range names {
		delete(a, name)
	}
	return marshal(list)
}

// node is a value on its way out of flattened names: a leaf or fields.
type node struct {
	leaf   any
	fields map[string]*node
}

// put says whether the value has a place: names may contradict each other.
func (n *node) put(path []string, value any) bool {
	if len(path) > maxPath {
		return false
	}
	if len(path) == 0 {
		if n.leaf != nil || n.fields != nil {
			return false
		}
		n.leaf = value
		return true
	}
	if n.leaf != nil {
		return false
	}
	if n.fields == nil {
		n.fields = map[string]*node{}
	}
	next := n.fields[path[0]]
	if next == nil {
		next = &node{}
		n.fields[path[0]] = next
	}
	return next.put(path[1:], value)
}

// value is the JSON value of a node. Fields that are all numbers are a list.
func (n *node) value(wrappers []string) any {
	if n.fields == nil {
		return n.leaf
	}
	if order, ok := n.indexes(); ok {
		list := make([]any, len(order))
		for i, at := range order {
			list[i] = n.fields[strconv.Itoa(at)].value(wrappers)
		}
		return list
	}
	if len(n.fields) == 1 {
		for name, inner := range n.fields {
			if slices.Contains(wrappers, name) {
				return inner.value(wrappers)
			}
		}
	}
	fields := make(map[string]any, len(n.fields))
	for name, inner := range n.fields {
		fields[name] = inner.value(wrappers)
	}
	return fields
}

func (n *node) indexes() ([]int, bool) {
	order := make([]int, 0, len(n.fields))
	for name := range maps.Keys(n.fields) {
		at, err := strconv.Atoi(name)
		if err != nil || at < 0 || at > maxIndex || strconv.Itoa(at) != name {
			return nil, false
		}
		order = append(order, at)
	}
	slices.Sort(order)
	return order, true
}

func promptEvents() []string {
	return []string{"gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message"}
}

// takeMessages takes the content that older conventions put into events of the span: one event whose attribute holds
// all messages, or one event a message.
func takeMessages(events *[]*tracepb.Span_Event, whole, attribute string, single []string) string {
	var messages []any
	var all string
	kept := make([]*tracepb.Span_Event, 0, len(*events))
	for _, e := range *events {
		a := read(e.GetAttributes())
		switch {
		case e.GetName() == whole && all == "" && content(a[attribute]) != "":
			all = content(a[attribute])
		case slices.Contains(single, e.GetName()):
			messages = append(messages, message(e.GetName(), a))
		default:
			kept = append(kept, e)
		}
	}
	if (all == "") == (messages == nil) { // none, or both: then they stay where they are
		return ""
	}
	*events = kept
	if all != "" {
		return all
	}
	return marshal(messages)
}

// message is an event such as gen_ai.user.message with the role of its name.
func message(name string, a attributes) map[string]any {
	fields := map[string]any{}
	if body := a.text("gen_ai.event.content"); body == "" || json.Unmarshal([]byte(body), &fields) != nil || fields == nil {
		fields = map[string]any{}
		for name, value := range a {
			fields[name] = plain(value)
		}
	}
	if inner, ok := fields["message"].(map[string]any); ok && len(fields) <= 3 { // gen_ai.choice: index, finish_reason, message
		maps.Copy(fields, inner)
		delete(fields, "message")
	}
	if _, ok := fields["role"]; !ok {
		role := strings.TrimSuffix(strings.TrimPrefix(name, "gen_ai."), ".message")
		if role == "choice" {
			role = "assistant"
		}
		fields["role"] = role
	}
	return fields
}

// takeResults takes the documents that instrumented vector stores put into events of the span.
func takeResults(events *[]*tracepb.Span_Event) string {
	var documents []any
	kept := make([]*tracepb.Span_Event, 0, len(*events))
	for _, e := range *events {
		if e.GetName() != "db.query.result" && e.GetName() != "db.search.result" {
			kept = append(kept, e)
			continue
		}
		fields := map[string]any{}
		for name, value := range read(e.GetAttributes()) {
			fields[strings.TrimPrefix(name, e.GetName()+".")] = plain(value)
		}
		documents = append(documents, fields)
	}
	if documents == nil {
		return ""
	}
	*events = kept
	return marshal(documents)
}
