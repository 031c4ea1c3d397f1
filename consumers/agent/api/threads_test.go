package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThreadsAreFoundAndPaged(t *testing.T) {
	t.Parallel()
	server := setup(t)
	for range 3 {
		require.Equal(t, http.StatusOK, call(t, "POST", server+"/threads", `{"metadata":{"owner":{"name":"ann"},"tags":["a","b"]}}`).Status)
	}
	newThread(t, server)
	r := call(t, "POST", server+"/threads/search", `{"metadata":{"owner":{"name":"ann"},"tags":["b"]},"limit":2,"select":["thread_id"]}`)
	require.Equal(t, http.StatusOK, r.Status)
	require.Equal(t, "3", r.Header.Get("X-Pagination-Total"))
	require.Equal(t, "2", r.Header.Get("X-Pagination-Next"))
	var page []map[string]any
	decodeInto(t, r.Body, &page)
	require.Len(t, page, 2)
	require.Len(t, page[0], 1)
	r = call(t, "POST", server+"/threads/search", `{"metadata":{"owner":{"name":"ann"}},"limit":2,"offset":2}`)
	require.Empty(t, r.Header.Get("X-Pagination-Next"))
	decodeInto(t, r.Body, &page)
	require.Len(t, page, 1)
	require.Equal(t, "3", call(t, "POST", server+"/threads/count", `{"metadata":{"owner":{"name":"ann"}}}`).Body)
	require.Equal(t, "0", call(t, "POST", server+"/threads/count", `{"metadata":{"graph_id":"another"}}`).Body)
	require.Equal(t, "4", call(t, "POST", server+"/threads/count", `{"metadata":{"assistant_id":"fe096781-5601-53d2-b2f6-0d3403f7e9ca"}}`).Body)
}

func TestAThreadIsMadeWithStepsOfTheClients(t *testing.T) {
	t.Parallel()
	server := setup(t)
	r := call(t, "POST", server+"/threads", `{"graph_id":"agent","ttl":{"ttl":10},"supersteps":[
		{"updates":[{"as_node":"__start__","values":`+hi+`}]},
		{"updates":[{"as_node":"thought","values":{"messages":[{"type":"ai","content":"done","id":"a9"}],"step_count":3}}]}]}`)
	require.Equal(t, http.StatusOK, r.Status, r.Body)
	thread := r.object(t)
	require.Equal(t, map[string]any{"strategy": "delete", "ttl_minutes": 10.0}, thread["ttl"])
	r = call(t, "GET", server+"/threads/"+thread["thread_id"].(string)+"/state", "")
	require.Contains(t, r.Body, `"step_count":3`)
	state := r.object(t)
	require.Len(t, state["values"].(map[string]any)["messages"], 2)
	require.Empty(t, state["next"])
}

func TestAThreadWithAWrongStepIsNotMade(t *testing.T) {
	t.Parallel()
	server := setup(t)
	r := call(t, "POST", server+"/threads", `{"thread_id":"`+nowhere+`","graph_id":"agent","supersteps":[{"updates":[{"as_node":"nope","values":{"step_count":1}}]}]}`)
	require.Equal(t, http.StatusUnprocessableEntity, r.Status, r.Body)
	require.Equal(t, http.StatusNotFound, call(t, "GET", server+"/threads/"+nowhere, "").Status)
}

func TestPruningForgetsThreadsOrTheirHistory(t *testing.T) {
	t.Parallel()
	server := setup(t)
	kept, gone := newThread(t, server), newThread(t, server)
	require.Equal(t, http.StatusOK, call(t, "POST", kept+"/runs/wait", `{"assistant_id":"agent","input":`+hi+`}`).Status)
	state := call(t, "GET", kept+"/state", "").object(t)["values"]
	ids := `["` + kept[len(kept)-36:] + `","` + nowhere + `"]`
	r := call(t, "POST", server+"/threads/prune", `{"thread_ids":`+ids+`,"strategy":"keep_latest"}`)
	require.JSONEq(t, `{"pruned_count":1}`, r.Body)
	require.Equal(t, state, call(t, "GET", kept+"/state", "").object(t)["values"])
	r = call(t, "POST", server+"/threads/prune", `{"thread_ids":["`+gone[len(gone)-36:]+`"]}`)
	require.JSONEq(t, `{"pruned_count":1}`, r.Body)
	require.Equal(t, http.StatusNotFound, call(t, "GET", gone, "").Status)
}

func TestARunWithoutAThreadLeavesNone(t *testing.T) {
	t.Parallel()
	server := setup(t)
	for _, route := range []string{"/runs/stream", "/runs/wait"} {
		r := call(t, "POST", server+route, `{"assistant_id":"agent","input":`+hi+`}`)
		require.Equal(t, http.StatusOK, r.Status)
		require.Regexp(t, "^/runs/", r.Header.Get("Content-Location"))
		require.Contains(t, r.Body, "__interrupt__")
	}
	require.Equal(t, "0", call(t, "POST", server+"/threads/count", "{}").Body)
	kept := call(t, "POST", server+"/runs/wait", `{"assistant_id":"agent","input":`+hi+`,"on_completion":"keep"}`)
	require.Equal(t, http.StatusOK, kept.Status)
	require.Equal(t, "1", call(t, "POST", server+"/threads/count", "{}").Body)
}

func TestARunMakesItsThreadIfItMay(t *testing.T) {
	t.Parallel()
	server := setup(t)
	for range 2 {
		r := call(t, "POST", server+"/threads/"+nowhere+"/runs/wait", `{"assistant_id":"agent","input":`+hi+`,"if_not_exists":"create"}`)
		require.Equal(t, http.StatusOK, r.Status, r.Body)
	}
	require.Equal(t, http.StatusOK, call(t, "GET", server+"/threads/"+nowhere, "").Status)
}

func TestSeveralRunsAreCancelledAtOnce(t *testing.T) {
	t.Parallel()
	server := setup(t)
	thread := newThread(t, server)
	var ids []string
	for range 2 {
		r := call(t, "POST", thread+"/runs", `{"assistant_id":"agent","input":`+sleep+`}`)
		require.Equal(t, http.StatusOK, r.Status, r.Body)
		ids = append(ids, r.object(t)["run_id"].(string))
	}
	body := `{"thread_id":"` + thread[len(thread)-36:] + `","run_ids":["` + ids[0] + `","` + ids[1] + `"]}`
	require.Equal(t, http.StatusNoContent, call(t, "POST", server+"/runs/cancel", body).Status)
	for _, id := range ids {
		require.Equal(t, http.StatusOK, call(t, "GET", thread+"/runs/"+id+"/join", "").Status)
		require.Equal(t, "interrupted", call(t, "GET", thread+"/runs/"+id, "").object(t)["status"])
	}
	require.Equal(t, http.StatusNotFound, call(t, "POST", server+"/runs/cancel", body).Status)
}
