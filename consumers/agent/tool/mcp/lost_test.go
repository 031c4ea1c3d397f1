package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/tool"
)

// serveWith is a server behind something that answers calls of the tools in its place.
func serveWith(t *testing.T, s *sdk.Server, instead map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		for name, answer := range instead {
			if strings.Contains(string(body), `"name":"`+name+`"`) {
				answer(w, r)
				return
			}
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		for session := range s.Sessions() { // of clients that could not say goodbye
			_ = session.Close()
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return web
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<html>welcome</html>")
}

func TestCallWithoutAnAnswerMayHaveBeenDone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"gateway":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no answer", http.StatusGatewayTimeout) },
		"broken":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half":      func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "99"); page(w, r) },
		"something": page,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := serveWith(t, newServer(), map[string]http.HandlerFunc{"plain": answer})
			set, _ := start(t, `{"s":{"url":"`+web.URL+`"}}`)
			_, err := call(t, set, "s__plain", `{}`)
			require.ErrorIs(t, err, tool.ErrLost)
			require.True(t, tool.Uncertain(err))
			text, ok := tool.Said("s__plain", err)
			require.True(t, ok)
			require.Contains(t, text, "it is not known how far it came")
			require.Eventually(t, func() bool {
				r, err := call(t, set, "s__echo", `{"text":"hi"}`)
				return err == nil && r.Text == "hi"
			}, waitLong, tick, "the server is of use again")
		})
	}
	set, _ := start(t, `{"s":{SELF}}`)
	_, err := call(t, set, "s__die", `{}`)
	require.ErrorIs(t, err, tool.ErrLost)
}

func TestCallThatNeverGotThereWasNotDone(t *testing.T) {
	t.Parallel()
	web := serveWith(t, newServer(), nil)
	set, _ := start(t, `{"s":{"url":"`+web.URL+`"}}`)
	web.CloseClientConnections()
	web.Close()
	_, err := call(t, set, "s__plain", `{}`)
	require.ErrorIs(t, err, tool.ErrFailed)
	require.NotErrorIs(t, err, tool.ErrLost)

	web = serveWith(t, newServer(), map[string]http.HandlerFunc{"plain": http.NotFound})
	set, _ = start(t, `{"s":{"url":"`+web.URL+`"}}`)
	_, err = call(t, set, "s__plain", `{}`)
	require.ErrorIs(t, err, tool.ErrFailed)
	require.NotErrorIs(t, err, tool.ErrLost, "the session is gone")
}

func TestLostCallLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	s := newServer()
	begun, release := make(chan struct{}), make(chan struct{})
	sdk.AddTool(s, &sdk.Tool{Name: "wait"}, func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
		close(begun)
		<-release
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "waited"}}}, nil, nil
	})
	web := serveWith(t, s, map[string]http.HandlerFunc{"plain": page})
	set, _ := start(t, `{"s":{"url":"`+web.URL+`"}}`)
	type back struct {
		text string
		err  error
	}
	slow, wait := make(chan back, 1), find(t, set, "s__wait")
	finish := sync.OnceFunc(func() { close(release) })
	t.Cleanup(finish)
	go func() {
		r, err := wait.Call(context.Background(), tool.Invocation{CallID: "slow", Arguments: json.RawMessage(`{}`)})
		slow <- back{r.Text, err}
	}()
	<-begun
	_, err := call(t, set, "s__plain", `{}`)
	require.ErrorIs(t, err, tool.ErrLost)
	require.Eventually(t, func() bool {
		r, err := call(t, set, "s__echo", `{"text":"hi"}`)
		return err == nil && r.Text == "hi"
	}, waitLong, tick, "new calls do not wait for the one that is under way")
	finish()
	require.Equal(t, back{text: "waited"}, <-slow)
}
