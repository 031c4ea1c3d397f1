package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// config is a configuration that works.
func config() api.Config {
	return api.Config{Addr: "127.0.0.1:0", MaxBody: 1 << 20, Heartbeat: time.Minute}
}

// build makes a server of the test's graph on a store in memory.
func build(t *testing.T, edit ...func(*api.Config, *api.Deps)) *api.Server {
	t.Helper()
	store := checkpoint.NewMemory()
	engine, err := graph.NewEngine(testGraph(), store, graph.Config{})
	require.NoError(t, err)
	w := &worker{store: store, engine: engine, busy: map[string]bool{}, cancels: map[string]context.CancelCauseFunc{}}
	w.backend = backend.New(backend.Deps{Store: store, Engine: engine, Agent: w, GraphID: "agent", Now: time.Now})
	t.Cleanup(func() {
		w.close()
		require.NoError(t, store.Close())
	})
	cfg := config()
	deps := api.Deps{
		Graphs: []api.Graph{served()}, Backend: w.backend,
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, e := range edit {
		e(&cfg, &deps)
	}
	s, err := api.New(cfg, deps)
	require.NoError(t, err)
	return s
}

// setup serves what build makes and returns the server's URL.
func setup(t *testing.T, edit ...func(*api.Config, *api.Deps)) string {
	t.Helper()
	server := httptest.NewServer(build(t, edit...))
	t.Cleanup(server.Close)
	return server.URL
}

// reply is what the server answered.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.Body), &v), "%s", r.Body)
	return v
}

// call sends a request with a body of JSON, "" for none.
func call(t *testing.T, method, url, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.StatusCode, resp.Header, string(bytes.TrimSpace(data))}
}

// newThread makes a thread and returns its URL.
func newThread(t *testing.T, server string) string {
	t.Helper()
	r := call(t, "POST", server+"/threads", "{}")
	require.Equal(t, http.StatusOK, r.Status, r.Body)
	return server + "/threads/" + r.object(t)["thread_id"].(string)
}

func decodeInto(t *testing.T, body string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(body), into), "%s", body)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// nothing is a backend for requests that do not reach it.
type nothing struct{ api.Backend }
