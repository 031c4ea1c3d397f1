package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
)

const key = "0123456789abcdef"

func TestKeysAreAskedForWhereTheyAreSet(t *testing.T) {
	t.Parallel()
	server := setup(t, func(c *api.Config, _ *api.Deps) { c.APIKeys = []string{"another-key-of-16", key} })
	r := call(t, "GET", server+"/info", "")
	require.Equal(t, http.StatusUnauthorized, r.Status)
	require.Contains(t, r.object(t)["detail"], "RAGLINE_AGENT_API_KEYS")
	require.Equal(t, http.StatusUnauthorized, call(t, "GET", server+"/info", "", "X-Api-Key", "0123456789abcdeg").Status)
	require.Equal(t, http.StatusOK, call(t, "GET", server+"/info", "", "X-Api-Key", key).Status)
	require.Equal(t, http.StatusOK, call(t, "GET", server+"/info", "", "Authorization", "Bearer "+key).Status)
	require.Equal(t, http.StatusOK, call(t, "GET", server+"/info", "", "X-Api-Key", key, "Host", "agent.example.com").Status, "a key opens any name")
}

func TestWithoutKeysOnlyThisMachineIsLetIn(t *testing.T) {
	t.Parallel()
	server := setup(t)
	require.Equal(t, http.StatusOK, call(t, "GET", server+"/info", "", "Host", "localhost:1").Status)
	r := call(t, "GET", server+"/info", "", "Host", "rebound.example.com")
	require.Equal(t, http.StatusForbidden, r.Status)
	require.Contains(t, r.object(t)["detail"], "rebound.example.com")
}

func TestWithoutKeysAnotherMachineIsRefused(t *testing.T) {
	t.Parallel()
	s, err := api.New(config(), api.Deps{Graphs: []api.Graph{served()}, Backend: nothing{}, Logger: discard()})
	require.NoError(t, err)
	for remote, status := range map[string]int{"10.1.2.3:4": http.StatusForbidden, "127.0.0.1:4": http.StatusOK, "[::1]:4": http.StatusOK} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/ok", http.NoBody)
		req.RemoteAddr = remote
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		require.Equal(t, status, w.Code, remote)
	}
}

func TestPagesOfTrustedOriginsMayCallAndOthersMayNotWrite(t *testing.T) {
	t.Parallel()
	server := setup(t, func(c *api.Config, d *api.Deps) {
		c.Origins = []string{"http://localhost:3000"}
		d.Settings.Origins = []string{"https://studio.example.com"}
	})
	for _, origin := range []string{"http://localhost:3000", "https://studio.example.com"} {
		r := call(t, "OPTIONS", server+"/threads", "", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-api-key",
			"Access-Control-Request-Private-Network", "true")
		require.Equal(t, http.StatusNoContent, r.Status)
		require.Equal(t, "true", r.Header.Get("Access-Control-Allow-Private-Network"))
		require.Equal(t, origin, r.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "content-type,x-api-key", r.Header.Get("Access-Control-Allow-Headers"))
		r = call(t, "POST", server+"/threads", "{}", "Origin", origin)
		require.Equal(t, http.StatusOK, r.Status)
		for _, exposed := range []string{"Content-Location", "X-Pagination-Total"} {
			require.Contains(t, r.Header.Get("Access-Control-Expose-Headers"), exposed)
		}
	}
	r := call(t, "POST", server+"/threads", "{}", "Origin", "https://evil.example.com", "Content-Type", "text/plain")
	require.Equal(t, http.StatusForbidden, r.Status)
	require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, r.object(t)["detail"], "langgraph.json")
}

func TestAPreflightNeedsNoKey(t *testing.T) {
	t.Parallel()
	server := setup(t, func(c *api.Config, d *api.Deps) { c.APIKeys, d.Settings.Origins = []string{key}, []string{"*"} })
	r := call(t, "OPTIONS", server+"/threads", "", "Origin", "https://any.example.com", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusNoContent, r.Status)
	r = call(t, "POST", server+"/threads", "{}", "Origin", "https://any.example.com")
	require.Equal(t, http.StatusUnauthorized, r.Status)
	require.Equal(t, "https://any.example.com", r.Header.Get("Access-Control-Allow-Origin"), "the page can read why")
}

func TestAnyOriginNeedsKeys(t *testing.T) {
	t.Parallel()
	_, err := api.New(config(), api.Deps{
		Graphs: []api.Graph{served()}, Backend: nothing{}, Logger: discard(), Settings: api.Settings{Origins: []string{"*"}},
	})
	require.ErrorContains(t, err, "RAGLINE_AGENT_API_KEYS")
}

func TestABodyIsBounded(t *testing.T) {
	t.Parallel()
	server := setup(t, func(c *api.Config, _ *api.Deps) { c.MaxBody = 1024 })
	r := call(t, "POST", server+"/threads", `{"metadata":{"k":"`+string(make([]byte, 2000))+`"}}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, r.Status)
	require.Contains(t, r.object(t)["detail"], "RAGLINE_AGENT_API_MAX_BODY")
}

func TestRequestsHaveIDs(t *testing.T) {
	t.Parallel()
	server := setup(t)
	require.Equal(t, "mine-1", call(t, "GET", server+"/ok", "", "X-Request-Id", "mine-1").Header.Get("X-Request-Id"))
	require.NotEqual(t, "no good", call(t, "GET", server+"/ok", "", "X-Request-Id", "no good").Header.Get("X-Request-Id"))
	require.NotEmpty(t, call(t, "GET", server+"/ok", "").Header.Get("X-Request-Id"))
}
