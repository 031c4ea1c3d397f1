package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ragline/ragline/consumers/agent/tool"
)

// codeRejected is the SDK's own for what the transport did not get through, a gateway's answer among it.
const codeRejected = -32005

// call makes a call. Whatever goes wrong on the way is a failure of the tool; a connection that may be broken is looked at.
func (s *server) call(ctx context.Context, name string, in tool.Invocation) (tool.Result, error) {
	var arguments map[string]json.RawMessage
	if err := json.Unmarshal(in.Arguments, &arguments); err != nil {
		return tool.Result{}, fmt.Errorf("%w: they must be a JSON object: %w", tool.ErrArguments, err)
	}
	l, err := s.connected()
	if err != nil {
		return tool.Result{}, err
	}
	params := &sdk.CallToolParams{Name: name, Arguments: arguments}
	if in.Progress != nil {
		params.SetProgressToken(in.CallID)
		s.watch(in.CallID, in.Progress)
		defer s.watch(in.CallID, nil)
	}
	res, err := l.session.CallTool(ctx, params)
	if err == nil {
		return result(res)
	}
	if ctx.Err() != nil {
		return tool.Result{}, ctx.Err()
	}
	var wire *jsonrpc.Error
	if !errors.As(err, &wire) {
		l.suspect()
	}
	return tool.Result{}, fmt.Errorf("%w: MCP server %s: %w", kind(err), s.name, err)
}

// kind says what is known of a call that failed: that its server has refused it, that it never got there, or nothing.
func kind(err error) error {
	var wire *jsonrpc.Error
	var dial *net.OpError
	switch {
	case errors.Is(err, sdk.ErrConnectionClosed), errors.Is(err, sdk.ErrSessionMissing):
		return tool.ErrFailed
	case errors.As(err, &dial) && dial.Op == "dial":
		return tool.ErrFailed
	case !errors.As(err, &wire) || wire.Code == codeRejected:
		return tool.ErrLost
	case wire.Code == jsonrpc.CodeInvalidParams:
		return tool.ErrArguments
	default:
		return tool.ErrFailed
	}
}

// watch passes on the progress of a call, or no longer.
func (s *server) watch(callID string, fn func(tool.Progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fn == nil {
		delete(s.progress, callID)
		return
	}
	s.progress[callID] = fn
}

func (s *server) onProgress(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
	token, _ := r.Params.ProgressToken.(string)
	s.mu.Lock()
	fn := s.progress[token]
	s.mu.Unlock()
	if fn != nil {
		fn(tool.Progress{Done: r.Params.Progress, Total: r.Params.Total, Message: r.Params.Message})
	}
}

// result turns contents into text. What is no text is named.
func result(res *sdk.CallToolResult) (tool.Result, error) {
	var parts []string
	for _, c := range res.Content {
		parts = append(parts, said(c))
	}
	text := strings.Join(parts, "\n")
	if res.IsError {
		return tool.Result{}, fmt.Errorf("%w: %s", tool.ErrFailed, text)
	}
	out := tool.Result{Text: text}
	if res.StructuredContent != nil {
		data, err := json.Marshal(res.StructuredContent)
		if err != nil {
			return out, fmt.Errorf("%w: encoding its result: %w", tool.ErrFailed, err)
		}
		// Servers repeat structured content as text for clients that know no other. It is kept once.
		if out.Text == "" {
			out.Text = string(data)
		} else if !same(text, data) {
			out.Data = data
		}
	}
	return out, nil
}

// same says whether a text is the JSON of a value.
func same(text string, data []byte) bool {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return false
	}
	again, err := json.Marshal(value)
	return err == nil && string(again) == string(data)
}

func said(c sdk.Content) string {
	switch c := c.(type) {
	case *sdk.TextContent:
		return c.Text
	case *sdk.EmbeddedResource:
		if c.Resource != nil && c.Resource.Text != "" {
			return c.Resource.Text
		}
		if c.Resource != nil {
			return fmt.Sprintf("[resource %s, %s, %d bytes]", c.Resource.URI, c.Resource.MIMEType, len(c.Resource.Blob))
		}
	case *sdk.ResourceLink:
		return fmt.Sprintf("[resource %s: %s]", c.URI, c.Name)
	case *sdk.ImageContent:
		return fmt.Sprintf("[image, %s, %d bytes]", c.MIMEType, len(c.Data))
	case *sdk.AudioContent:
		return fmt.Sprintf("[audio, %s, %d bytes]", c.MIMEType, len(c.Data))
	}
	return "[content of another kind]"
}
