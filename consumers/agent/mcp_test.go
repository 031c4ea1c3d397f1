package agent_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

func TestToolsOfAnMCPServerAreUsedAndReviewed(t *testing.T) {
	t.Parallel()
	server := sdk.NewServer(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	says := func(text string) sdk.ToolHandlerFor[struct{}, any] {
		return func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}, nil, nil
		}
	}
	sdk.AddTool(server, &sdk.Tool{Name: "clock", Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true}}, says("noon"))
	sdk.AddTool(server, &sdk.Tool{Name: "wipe"}, says("wiped"))
	web := httptest.NewServer(sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, nil))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	r := setup(t)
	cfg := config(t)
	cfg.MCP.File = filepath.Join(t.TempDir(), "mcp.json")
	require.NoError(t, os.WriteFile(cfg.MCP.File, []byte(`{"mcpServers":{"s":{"url":"`+web.URL+`"}}}`), 0o600))
	wants := func(name string) llm.Response {
		return llm.Response{Calls: []llm.Call{{Tool: name, Arguments: json.RawMessage(`{}`)}}}
	}
	a := r.open(t, cfg, agent.Deps{Model: scripted{wants("s__clock"), wants("s__wipe"), {Text: "done"}}})
	streamtest.Start(t, a.Run)
	q := query("thread", "?!")
	deliver(t, a, q)
	review := r.requested(t, q)
	require.Equal(t, "s__wipe", review.GetTool(), "nothing is known of it; the clock only reads")
	deliver(t, a, decision(review, event.Decision_DECISION_APPROVE, "", ""))
	got := r.answers(t, q)[0]
	require.Equal(t, "done", got.GetText())
	require.Equal(t, []string{"s__clock", "s__wipe"}, got.GetToolsUsed())
}

func TestMCPFileThatCannotWorkKeepsTheAgentFromStarting(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	cfg.MCP.File = filepath.Join(t.TempDir(), "missing.json")
	_, err := agent.New(cfg, agent.Deps{Broker: r.Broker, Pack: r.pack})
	require.ErrorContains(t, err, "RAGLINE_MCP_CONFIG")
}
