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
	var found llm.Found
	var text strings.Builder
	for _, p := range list {
		found.Passages = append(found.Passages, llm.Passage(p))
		fmt.Fprintf(&text, "[%s] %s\n%s\n\n", p.DocumentID, strings.TrimSpace(p.Title+" "+p.Heading), p.Text)
	}
	for _, w := range weights {
		found.Weights = append(found.Weights, llm.Weight(w))
	}
	if len(list) == 0 {
		text.WriteString("No passage matches.")
	}
	data, err := encode(found)
	return Result{Text: strings.TrimSpace(text.String()), Data: data}, err
}
