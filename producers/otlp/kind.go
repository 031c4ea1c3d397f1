package otlp

import (
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

// kindOf reads the kind of work: our own name of it, or else that of the family of conventions. The attributes stay,
// since a chain and an agent are one kind here and two there.
func kindOf(a attributes) event.SpanKind {
	if k, ok := event.SpanKind_value["SPAN_KIND_"+a.text("ragline.span.kind")]; ok && k != 0 {
		return event.SpanKind(k)
	}
	for _, name := range []string{"openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind", "langfuse.observation.type", "llm.request.type"} {
		if k := kindNamed(a.text(name)); k != event.SpanKind_SPAN_KIND_UNSPECIFIED {
			return k
		}
	}
	switch {
	case a.text("gen_ai.tool.name", "gen_ai.tool.call.id") != "":
		return event.SpanKind_SPAN_KIND_TOOL
	case has(a, "db.vector.query.top_k"), has(a, "pinecone.query.top_k"), has(a, "db.chroma.query.n_results"):
		return event.SpanKind_SPAN_KIND_RETRIEVAL
	case a.text("gen_ai.request.model", "gen_ai.response.model", "llm.model_name") != "":
		return event.SpanKind_SPAN_KIND_LLM
	default:
		return event.SpanKind_SPAN_KIND_UNSPECIFIED
	}
}

func has(a attributes, name string) bool {
	_, ok := a[name]
	return ok
}

func kindNamed(name string) event.SpanKind {
	switch strings.ToLower(name) {
	case "llm", "chat", "text_completion", "completion", "generate_content", "generation":
		return event.SpanKind_SPAN_KIND_LLM
	case "embedding", "embeddings":
		return event.SpanKind_SPAN_KIND_EMBEDDING
	case "retriever", "retrieval", "reranker", "rerank":
		return event.SpanKind_SPAN_KIND_RETRIEVAL
	case "tool", "execute_tool":
		return event.SpanKind_SPAN_KIND_TOOL
	// Chains, workflows and tasks are the code of an agent around its calls, as our own agent's nodes are.
	case "agent", "chain", "workflow", "task", "invoke_agent", "create_agent", "invoke_workflow":
		return event.SpanKind_SPAN_KIND_AGENT
	case "guardrail", "evaluator":
		return event.SpanKind_SPAN_KIND_VALIDATION
	case "decision":
		return event.SpanKind_SPAN_KIND_DECISION
	default:
		return event.SpanKind_SPAN_KIND_UNSPECIFIED
	}
}

// operationOf is gen_ai.operation.name, or the conventions' name for a kind that has exactly one.
func operationOf(a attributes, kind event.SpanKind) string {
	if given := a.takeText("gen_ai.operation.name"); given != "" {
		return given
	}
	switch kind {
	case event.SpanKind_SPAN_KIND_LLM:
		if strings.EqualFold(a.text("llm.request.type"), "completion") {
			return "text_completion"
		}
		return "chat"
	case event.SpanKind_SPAN_KIND_EMBEDDING:
		return "embeddings"
	case event.SpanKind_SPAN_KIND_RETRIEVAL:
		return "retrieval"
	case event.SpanKind_SPAN_KIND_TOOL:
		return "execute_tool"
	default:
		return ""
	}
}
