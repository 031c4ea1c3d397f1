package api

import (
	_ "embed"
	"net/http"
)

// openAPI is the hand-written description of the routes. A test holds it to them.
//
//go:embed openapi.json
var openAPI []byte

// infoVersion is the version of LangGraph's server whose wire this one speaks: Studio asks for a recent one.
const infoVersion = "0.16.7"

const (
	noCrons = "crons are not served: schedule POST /threads/{thread_id}/runs from outside, or use after_seconds"
	noStore = "the long-term store is not served: the agent's knowledge is the documents topic, and a thread keeps its own state"
	noEdits = "assistants cannot be changed: there is one for each graph of langgraph.json; send config and context with a run"
)

// table lists the routes by pattern.
func (s *Server) table() map[string]endpoint {
	refuse := func(reason string) endpoint {
		return func(http.ResponseWriter, *http.Request) error { return notServed(reason) }
	}
	return map[string]endpoint{
		"GET /ok":           s.ok,
		"GET /info":         s.info,
		"GET /openapi.json": s.document,

		"POST /assistants/search":                              s.searchAssistants,
		"POST /assistants/count":                               s.countAssistants,
		"GET /assistants/{assistant_id}":                       s.getAssistant,
		"GET /assistants/{assistant_id}/graph":                 s.assistantGraph,
		"GET /assistants/{assistant_id}/schemas":               s.assistantSchemas,
		"GET /assistants/{assistant_id}/subgraphs":             s.assistantSubgraphs,
		"GET /assistants/{assistant_id}/subgraphs/{namespace}": s.assistantSubgraphs,
		"POST /assistants/{assistant_id}/versions":             s.assistantVersions,
		"POST /assistants/{assistant_id}/latest":               s.assistantLatest,
		"POST /assistants":                                     refuse(noEdits),
		"PATCH /assistants/{assistant_id}":                     refuse(noEdits),
		"DELETE /assistants/{assistant_id}":                    refuse(noEdits),
		"POST /threads":                                        s.createThread,
		"POST /threads/search":                                 s.searchThreads,
		"POST /threads/count":                                  s.countThreads,
		"POST /threads/prune":                                  s.pruneThreads,
		"GET /threads/{thread_id}":                             s.getThread,
		"PATCH /threads/{thread_id}":                           s.patchThread,
		"DELETE /threads/{thread_id}":                          s.deleteThread,
		"POST /threads/{thread_id}/copy":                       s.copyThread,
		"GET /threads/{thread_id}/state":                       s.getState,
		"POST /threads/{thread_id}/state":                      s.updateState,
		"GET /threads/{thread_id}/state/{checkpoint_id}":       s.getState,
		"POST /threads/{thread_id}/state/checkpoint":           s.stateAt,
		"GET /threads/{thread_id}/history":                     s.getHistory,
		"POST /threads/{thread_id}/history":                    s.searchHistory,
		"GET /threads/{thread_id}/runs":                        s.listRuns,
		"POST /threads/{thread_id}/runs":                       s.createRun,
		"POST /threads/{thread_id}/runs/stream":                s.streamRun,
		"POST /threads/{thread_id}/runs/wait":                  s.waitRun,
		"GET /threads/{thread_id}/runs/{run_id}":               s.getRun,
		"DELETE /threads/{thread_id}/runs/{run_id}":            s.deleteRun,
		"GET /threads/{thread_id}/runs/{run_id}/join":          s.joinRun,
		"GET /threads/{thread_id}/runs/{run_id}/stream":        s.joinStream,
		"POST /threads/{thread_id}/runs/{run_id}/cancel":       s.cancelRun,
		"POST /threads/{thread_id}/runs/crons":                 refuse(noCrons),
		"POST /runs":                                           s.createRun,
		"POST /runs/stream":                                    s.streamRun,
		"POST /runs/wait":                                      s.waitRun,
		"POST /runs/batch":                                     s.batchRuns,
		"POST /runs/cancel":                                    s.cancelRuns,
		"GET /runs/{run_id}/stream":                            s.joinStream,
		"POST /runs/crons":                                     refuse(noCrons),
		"POST /runs/crons/search":                              refuse(noCrons),
		"POST /runs/crons/count":                               refuse(noCrons),
		"PATCH /runs/crons/{cron_id}":                          refuse(noCrons),
		"DELETE /runs/crons/{cron_id}":                         refuse(noCrons),
		"GET /store/items":                                     refuse(noStore),
		"PUT /store/items":                                     refuse(noStore),
		"DELETE /store/items":                                  refuse(noStore),
		"POST /store/items/search":                             refuse(noStore),
		"POST /store/namespaces":                               refuse(noStore),
	}
}

func (s *Server) route() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range s.table() {
		mux.Handle(pattern, s.serve(h))
	}
	mux.Handle("/", s.serve(func(_ http.ResponseWriter, r *http.Request) error {
		return problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: r.Method + " " + r.URL.Path + " is no route; GET /openapi.json lists them"}
	}))
	return mux
}

func (s *Server) ok(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]bool{"ok": true})
	return nil
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]any{
		"version": infoVersion,
		"context": "ragline",
		"flags":   map[string]bool{"assistants": true, "crons": false, "store": false, "langsmith": false, "langsmith_tracing_replicas": false},
	})
	return nil
}

func (s *Server) document(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
	return nil
}
