package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	defaultPassages = 5
	maxPassages     = 10
)

// Search returns search_knowledge over an index.
func Search(index *retrieval.Index) Tool {
	return Tool{
		Tool: llm.Tool{
			Name:        llm.SearchTool,
			Description: "Searches the knowledge base and returns the passages that match best, each with its document id.",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"query":{"type":"string"},"k":{"type":"integer","minimum":1,"maximum":10}},"required":["query"]}`),
		},
		Idempotent: true,
		Call:       func(ctx context.Context, in Invocation) (Result, error) { return search(ctx, index, in) },
	}
}

func search(ctx context.Context, index *retrieval.Index, in Invocation) (Result, error) {
	args := struct {
		Query string `json:"query"`
		K     int    `json:"k"`
	}{K: defaultPassages}
	if err := decode(in.Arguments, &args); err != nil {
		return Result{}, err
	}
	if strings.TrimSpace(args.Query) == "" {
		return Result{}, badArgument("query is empty")
	}
	index.Fresh(ctx)
	list, err := index.Search(ctx, args.Query, min(max(args.K, 1), maxPassages))
	if err != nil {
		return Result{}, err
	}
	weights, err := index.Weights(ctx, args.Query)
	if err != nil {
		return Result{}, err
	}
	var known llm.Knowledge
	var text strings.Builder
	for i, p := range list {
		if i > 0 {
			text.WriteString("\n\n")
		}
		fmt.Fprintf(&text, "[%s] %s\n", p.DocumentID, strings.TrimSpace(p.Title+" "+p.Heading))
		passage := llm.Passage{DocumentID: p.DocumentID, Title: p.Title, Heading: p.Heading, URI: p.URI, Score: p.Score}
		passage.Span = written(&text, p.Text)
		known.Passages = append(known.Passages, passage)
	}
	for _, w := range weights {
		known.Weights = append(known.Weights, llm.Weight(w))
	}
	if len(list) == 0 {
		text.WriteString("No passage matches.")
	}
	data, err := encode(known)
	return Result{Text: text.String(), Data: data}, err
}

// written adds a text and says where it stands.
func written(to *strings.Builder, text string) *llm.Span {
	from := to.Len()
	to.WriteString(text)
	return &llm.Span{from, to.Len()}
}
