package mcp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/agent/tool/mcp"
	"github.com/ragline/ragline/consumers/streamtest"
)

const (
	waitLong = 60 * time.Second
	tick     = 10 * time.Millisecond
)

// write puts servers into a file. SELF is the test binary as a server.
func write(t *testing.T, servers string) mcp.Config {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	quoted, err := json.Marshal(self)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "mcp.json")
	text := strings.ReplaceAll(servers, "SELF", `"command":`+string(quoted)+`,"env":{"`+asServer+`":"on"}`)
	require.NoError(t, os.WriteFile(file, []byte(`{"mcpServers":`+text+`}`), 0o600))
	return mcp.Config{File: file}
}

// start runs the servers until the test ends and waits until they were tried.
func start(t *testing.T, servers string) (*mcp.Set, *streamtest.Log) {
	t.Helper()
	log := &streamtest.Log{}
	set, err := mcp.Open(write(t, servers), log.Logger())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	tried := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { set.Run(ctx, func() { close(tried) }) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	<-tried
	return set, log
}

func find(t *testing.T, set *mcp.Set, name string) tool.Tool {
	t.Helper()
	list := set.Tools()
	i := slices.IndexFunc(list, func(x tool.Tool) bool { return x.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return list[i]
}

func call(t *testing.T, set *mcp.Set, name, arguments string) (tool.Result, error) {
	t.Helper()
	return find(t, set, name).Call(t.Context(), tool.Invocation{CallID: "call", Arguments: json.RawMessage(arguments)})
}

// serveHTTP is the same server over streamable HTTP. Requests without the header are refused.
func serveHTTP(t *testing.T) (url string, s *sdk.Server) {
	t.Helper()
	s = newServer()
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "sesame" {
			http.Error(w, "no key", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return web.URL, s
}

func TestToolsOfServersAreCalled(t *testing.T) {
	t.Parallel()
	url, _ := serveHTTP(t)
	for name, server := range map[string]string{"stdio": `SELF`, "http": `"url":"` + url + `","headers":{"X-Key":"sesame"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, _ := start(t, `{"s-1":{`+server+`}}`)
			echo := find(t, set, "s-1__echo")
			require.Equal(t, "Says it again.", echo.Description)
			require.Contains(t, string(echo.InputSchema), `"text"`)
			require.Equal(t, time.Minute, echo.Timeout)
			r, err := call(t, set, "s-1__echo", `{"text":"hi"}`)
			require.NoError(t, err)
			require.Equal(t, tool.Result{Text: "hi"}, r)
			r, err = call(t, set, "s-1__sum", `{"a":1,"b":2}`)
			require.NoError(t, err)
			require.Equal(t, tool.Result{Text: `{"sum":3}`}, r, "what is said twice is kept once")
			r, err = call(t, set, "s-1__plain", `{}`)
			require.NoError(t, err)
			require.Equal(t, "[image, image/png, 3 bytes]\n[resource file:///a: a]\nb's text", r.Text)
			_, err = call(t, set, "s-1__fail", `{}`)
			require.ErrorIs(t, err, tool.ErrFailed)
			text, ok := tool.Said("s-1__fail", err)
			require.True(t, ok)
			require.Contains(t, text, "no such customer\nsecond line")
			_, err = call(t, set, "s-1__echo", `"hi"`)
			require.ErrorIs(t, err, tool.ErrArguments)
			_, err = call(t, set, "s-1__echo", `{"text":7}`)
			require.Error(t, err)
			_, ok = tool.Said("s-1__echo", err)
			require.True(t, ok, "the model is told: %v", err)
		})
	}
}

func TestHintsDecideOnReviewAndRepetition(t *testing.T) {
	t.Parallel()
	manners := func(set *mcp.Set) map[string][2]bool {
		out := map[string][2]bool{}
		for _, x := range set.Tools() {
			_, name, _ := strings.Cut(x.Name, "__")
			out[name] = [2]bool{x.Sensitive, x.Idempotent}
		}
		return out
	}
	set, _ := start(t, `{"s":{SELF,"timeout":"5s","tools":{"plain":{"sensitive":false,"idempotent":true},"fail":{"disabled":true}}}}`)
	got := manners(set)
	require.Equal(t, [2]bool{false, true}, got["echo"], "read only")
	require.Equal(t, [2]bool{false, true}, got["sum"], "adds only, in a closed world")
	require.Equal(t, [2]bool{true, true}, got["delete"])
	require.Equal(t, [2]bool{true, false}, got["hang"], "nothing is known")
	require.Equal(t, [2]bool{false, true}, got["plain"], "the file says so")
	require.NotContains(t, got, "fail")
	require.Equal(t, 5*time.Second, find(t, set, "s__echo").Timeout)
	require.Equal(t, "Deletes", find(t, set, "s__delete").Description)

	set, _ = start(t, `{"s":{SELF,"ignoreHints":true}}`)
	for name, m := range manners(set) {
		require.Equal(t, [2]bool{true, false}, m, name)
	}
}

func TestServersGetNoneOfOurKeys(t *testing.T) {
	t.Setenv("RAGLINE_LLM_API_KEY", "secret-key")
	t.Setenv("MCP_TOKEN", "secret-token")
	self, err := os.Executable()
	require.NoError(t, err)
	set, _ := start(t, `{"s":{"command":"`+self+`","env":{"`+asServer+`":"on","TOKEN":"${MCP_TOKEN}","OTHER":"${MCP_OTHER:-none}"}}}`)
	r, err := call(t, set, "s__environment", `{}`)
	require.NoError(t, err)
	require.NotContains(t, r.Text, "secret-key")
	require.Contains(t, r.Text, "TOKEN=secret-token")
	require.Contains(t, r.Text, "OTHER=none")
	require.Contains(t, r.Text, "PATH=")
}

func TestListIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	url, _ := serveHTTP(t)
	for name, server := range map[string]string{"stdio": `SELF`, "http": `"url":"` + url + `","headers":{"X-Key":"sesame"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, _ := start(t, `{"s":{`+server+`}}`)
			before := len(set.Tools())
			_, err := call(t, set, "s__grow", `{}`)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return len(set.Tools()) == before+1 }, waitLong, tick)
			r, err := call(t, set, "s__grown", `{}`)
			require.NoError(t, err)
			require.Equal(t, "grown", r.Text)
		})
	}
}

func TestProgressIsPassedOn(t *testing.T) {
	t.Parallel()
	set, _ := start(t, `{"s":{SELF}}`)
	got := make(chan tool.Progress, 1)
	seen := func(p tool.Progress) {
		select {
		case got <- p:
		default:
		}
	}
	require.Eventually(t, func() bool { // it may come after the result, and is then nobody's
		_, err := find(t, set, "s__slowly").Call(t.Context(), tool.Invocation{CallID: "c", Arguments: json.RawMessage(`{}`), Progress: seen})
		return err == nil && len(got) == 1
	}, waitLong, tick)
	require.Equal(t, tool.Progress{Done: 1, Total: 2, Message: "half"}, <-got)
}

func TestServerThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	set, log := start(t, `{"s":{SELF}}`)
	for range 2 {
		_, err := call(t, set, "s__die", `{}`)
		require.ErrorIs(t, err, tool.ErrFailed)
		require.Eventually(t, func() bool {
			r, err := call(t, set, "s__echo", `{"text":"hi"}`)
			if err != nil {
				require.ErrorIs(t, err, tool.ErrFailed, "calls fail meanwhile, and say so")
				return false
			}
			return r.Text == "hi"
		}, waitLong, tick)
	}
	require.GreaterOrEqual(t, log.Count("MCP server is away"), 1)
}

func TestHTTPServerThatComesBackIsConnectedToAgain(t *testing.T) {
	t.Parallel()
	s := newServer()
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	var mu sync.Mutex
	down := false
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		away := down
		mu.Unlock()
		if away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	set, _ := start(t, `{"s":{"url":"`+web.URL+`"}}`)
	turn := func(off bool) {
		mu.Lock()
		defer mu.Unlock()
		down = off
	}
	turn(true)
	_, err := call(t, set, "s__echo", `{"text":"hi"}`)
	require.ErrorIs(t, err, tool.ErrFailed)
	turn(false)
	require.Eventually(t, func() bool {
		r, err := call(t, set, "s__echo", `{"text":"hi"}`)
		return err == nil && r.Text == "hi"
	}, waitLong, tick)
}

func TestCallThatHangsIsGivenUpAndTheServerGoesOn(t *testing.T) {
	t.Parallel()
	set, _ := start(t, `{"s":{SELF}}`)
	x := find(t, set, "s__hang")
	x.Timeout = 10 * time.Millisecond
	_, err := tool.Limits{ResultBytes: 1 << 10}.Run(t.Context(), x, tool.Invocation{Arguments: json.RawMessage(`{}`)})
	require.ErrorIs(t, err, tool.ErrTimeout)
	r, err := call(t, set, "s__echo", `{"text":"hi"}`)
	require.NoError(t, err)
	require.Equal(t, "hi", r.Text)
}

func TestServerThatCannotStartIsAWarningThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	url, _ := serveHTTP(t)
	self, err := os.Executable()
	require.NoError(t, err)
	set, log := start(t, `{
		"good":{SELF},
		"missing":{"command":"/nonexistent/server"},
		"broken":{"command":"`+self+`","env":{"`+asServer+`":"broken"}},
		"refused":{"url":"`+url+`"},
		"switched-away":{"command":"/nonexistent/server","disabled":true}}`)
	require.Equal(t, 3, log.Count("MCP server is away"))
	all := log.String()
	require.Contains(t, all, "no license found")
	require.Contains(t, all, "/nonexistent/server")
	require.Contains(t, all, "Unauthorized")
	require.NotContains(t, all, "switched-away")
	_, err = call(t, set, "good__echo", `{"text":"hi"}`)
	require.NoError(t, err)
}
