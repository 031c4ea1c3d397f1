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
	var looked llm.Looked
	var text strings.Builder
	for _, f := range rows {
		if f.Weak {
			continue // one weak source does not carry an answer
		}
		looked.Facts = append(looked.Facts, llm.Fact{
			Entity: f.Entity, Attribute: f.Attribute, Text: f.Text, DocumentID: f.Document, Edition: f.Edition,
		})
		fmt.Fprintf(&text, "[%s] %s: %s\n", f.Document, f.Entity, f.Text)
	}
	if len(looked.Facts) == 0 {
		text.WriteString("The fact table has no entry for this.")
	}
	var err error
	out.Text = strings.TrimSpace(text.String())
	out.Data, err = encode(looked)
	return out, err
}
