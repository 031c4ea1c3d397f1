package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/ragline/ragline/producers/httpd"
)

const requestIDHeader = "X-Request-Id"

// identify gives every request an id, the client's own if it is short and plain.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		plain := func(c rune) bool { return c < '!' || c > '~' }
		if id == "" || len(id) > 100 || strings.ContainsFunc(id, plain) {
			id = uuid.NewString()
		}
		w.Header().Set(requestIDHeader, id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// presentedKey is the key of a request: X-Api-Key, which LangGraph's SDKs send, or Authorization: Bearer.
func presentedKey(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// admit asks for a key where keys are set. Where none are, it lets in this machine alone, by a name of its own:
// to a browser a page whose name was rebound to the loopback address is of the same origin.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case len(s.keys) > 0 && !s.keys.Knows(presentedKey(r)):
			w.Header().Set("WWW-Authenticate", `Bearer realm="ragline"`)
			problem{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: "send one of RAGLINE_AGENT_API_KEYS as X-Api-Key, or as Authorization: Bearer"}.write(w)
		case len(s.keys) == 0 && !httpd.IsLoopback(r.RemoteAddr):
			problem{Status: http.StatusForbidden, Code: codeForbidden, Detail: "set RAGLINE_AGENT_API_KEYS to let other machines in"}.write(w)
		case len(s.keys) == 0 && !httpd.IsLoopback(r.Host):
			problem{Status: http.StatusForbidden, Code: codeForbidden, Detail: fmt.Sprintf(
				"Host %q is not this machine's loopback: call localhost or 127.0.0.1, or set RAGLINE_AGENT_API_KEYS", r.Host)}.write(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// origins are those whose pages may call the server.
type origins struct {
	all  bool
	list map[string]bool
}

func (o origins) trusts(origin string) bool { return o.all || o.list[origin] }

// cors answers preflights of trusted origins, lets their pages read the responses, and keeps writes of all others out:
// a JSON body under text/plain needs no preflight.
func (s *Server) cors(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || !s.origins.trusts(origin) {
			if guard.Check(r) != nil {
				problem{Status: http.StatusForbidden, Code: codeForbidden, Detail: fmt.Sprintf(
					"the origin %q is not among http.cors.allow_origins of langgraph.json or RAGLINE_AGENT_API_CORS_ORIGINS", origin)}.write(w)
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Expose-Headers", "Content-Location, Location, X-Pagination-Total, X-Pagination-Next, X-Request-Id")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
			h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
			h.Set("Access-Control-Max-Age", "600")
			if r.Header.Get("Access-Control-Request-Private-Network") == "true" { // Studio is a public page that calls this machine
				h.Set("Access-Control-Allow-Private-Network", "true")
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
