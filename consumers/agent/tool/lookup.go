package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// Lookup returns lookup_standard over the fact table of a pack.
func Lookup(pack *domain.Pack) Tool {
	return Tool{
		Tool: llm.Tool{
			Name:        llm.LookupTool,
			Description: "Looks up checked facts, such as limits and cycles, of a named standard, class or rule.",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}`),
		},
		Idempotent: true,
		Call: func(_ context.Context, in Invocation) (Result, error) {
			var args struct {
				Query string `json:"query"`
			}
			if err := decode(in.Arguments, &args); err != nil {
				return Result{}, err
			}
			return lookup(pack.Facts.Lookup(args.Query))
		},
	}
}

func lookup(rows []domain.Fact) (Result, error) {
	var out Result
	var known llm.Knowledge
	var text strings.Builder
	for _, f := range rows {
		if f.Weak {
			continue // one weak source does not carry an answer
		}
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "[%s] %s: ", f.Document, f.Entity)
		known.Facts = append(known.Facts, llm.Fact{
			Entity: f.Entity, Attribute: f.Attribute, Span: written(&text, f.Text), DocumentID: f.Document, Edition: f.Edition,
		})
	}
	if len(known.Facts) == 0 {
		text.WriteString("The fact table has no entry for this.")
	}
	var err error
	out.Text = text.String()
	out.Data, err = encode(known)
	return out, err
}
