package mcp

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	separator = "__"
	// maxName is the longest name of a tool that OpenAI's API takes.
	maxName = 64
)

var strange = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// toolName is the name that models see. What their APIs do not take is replaced; a name that is too long ends in its hash.
func toolName(server, name string) string {
	full := server + separator + strange.ReplaceAllString(name, "_")
	if len(full) <= maxName {
		return full
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(full)) // a hash takes everything
	return full[:maxName-9] + "_" + hex.EncodeToString(h.Sum(nil))
}

// wrap makes a tool of the agent's of one of the server's.
func (s *server) wrap(t *sdk.Tool) (tool.Tool, error) {
	schema, err := json.Marshal(t.InputSchema)
	if err != nil {
		return tool.Tool{}, fmt.Errorf("encoding the schema of %s: %w", t.Name, err)
	}
	if string(schema) == "null" {
		schema = json.RawMessage(`{"type":"object"}`)
	}
	sensitive, idempotent := s.manners(t)
	name := t.Name
	return tool.Tool{
		Tool:      llm.Tool{Name: toolName(s.name, t.Name), Description: describe(t), InputSchema: schema},
		Sensitive: sensitive, Idempotent: idempotent, Timeout: s.cfg.timeout,
		Call: func(ctx context.Context, in tool.Invocation) (tool.Result, error) { return s.call(ctx, name, in) },
	}, nil
}

func describe(t *sdk.Tool) string {
	if t.Description != "" || t.Title == "" {
		return t.Description
	}
	return t.Title
}

// manners are what the server's hints mean for us: what is not known is sensitive and not idempotent. The file overrides them.
func (s *server) manners(t *sdk.Tool) (sensitive, idempotent bool) {
	sensitive = true
	if a := t.Annotations; a != nil && !s.cfg.IgnoreHints {
		switch {
		case a.ReadOnlyHint:
			sensitive, idempotent = false, true
		default:
			sensitive = !isFalse(a.DestructiveHint) || !isFalse(a.OpenWorldHint)
			idempotent = a.IdempotentHint
		}
	}
	o := s.cfg.Tools[t.Name]
	if o.Sensitive != nil {
		sensitive = *o.Sensitive
	}
	if o.Idempotent != nil {
		idempotent = *o.Idempotent
	}
	return sensitive, idempotent
}

func isFalse(b *bool) bool { return b != nil && !*b }
