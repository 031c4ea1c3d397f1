package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const nowhere = "6b2b8f8e-2f0c-4e0e-9d0a-000000000000"

// TestBadInputIsRefusedWithAReason lists what clients get wrong, and what they are told.
func TestBadInputIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	server := setup(t)
	thread := newThread(t, server)
	stopped := newThread(t, server)
	require.Equal(t, http.StatusOK, call(t, "POST", stopped+"/runs/wait", `{"assistant_id":"agent","input":`+hi+`}`).Status)
	for _, c := range []struct {
		name, method, url, body string
		status                  int
		says                    string
	}{
		{"unknown thread", "GET", server + "/threads/" + nowhere, "", 404, "Thread with ID " + nowhere + " not found"},
		{"thread that is no UUID", "GET", server + "/threads/nope", "", 404, "not found"},
		{"thread whose id is no name", "GET", server + "/threads/" + strings.Repeat("a", 600), "", 422, "at most 512 bytes"},
		{"thread that is there", "POST", server + "/threads", `{"thread_id":"` + thread[len(thread)-36:] + `"}`, 409, "already exists"},
		{"state of an unknown thread", "GET", server + "/threads/" + nowhere + "/state", "", 404, "not found"},
		{"history of an unknown thread", "POST", server + "/threads/" + nowhere + "/history", "{}", 404, "not found"},
		{"copy of an unknown thread", "POST", server + "/threads/" + nowhere + "/copy", "", 404, "not found"},
		{"deletion of an unknown thread", "DELETE", server + "/threads/" + nowhere, "", 404, "not found"},
		{"unknown run", "GET", thread + "/runs/" + nowhere, "", 404, "Run with ID"},
		{"stream of an unknown run", "GET", thread + "/runs/" + nowhere + "/stream", "", 404, "Run with ID"},
		{"cancel of an unknown run", "POST", thread + "/runs/" + nowhere + "/cancel", "", 404, "Run with ID"},
		{"cancel how", "POST", thread + "/runs/" + nowhere + "/cancel?action=stop", "", 422, "neither interrupt nor rollback"},
		{"unknown checkpoint", "GET", stopped + "/state/" + nowhere, "", 404, "Checkpoint with ID"},
		{"history before an unknown checkpoint", "POST", stopped + "/history", `{"before":"` + nowhere + `"}`, 404, "Checkpoint with ID"},
		{"run from an unknown checkpoint", "POST", stopped + "/runs/stream", `{"assistant_id":"agent","input":null,"checkpoint_id":"` + nowhere + `"}`, 404, "Checkpoint with ID"},
		{"edit of an unknown checkpoint", "POST", stopped + "/state", `{"values":{"step_count":1},"as_node":"thought","checkpoint_id":"` + nowhere + `"}`, 404, "Checkpoint with ID"},
		{"checkpoint of another thread", "POST", stopped + "/state/checkpoint", `{"checkpoint":{"thread_id":"` + nowhere + `"}}`, 422, "another thread"},
		{"sub-graph", "POST", stopped + "/state/checkpoint", `{"checkpoint":{"checkpoint_ns":"sub:1"}}`, 422, "sub-graph"},
		{"no assistant", "POST", thread + "/runs", `{}`, 422, "assistant_id"},
		{"unknown assistant", "POST", thread + "/runs", `{"assistant_id":"nope"}`, 404, "agent"},
		{"run on an unknown thread", "POST", server + "/threads/" + nowhere + "/runs/stream", `{"assistant_id":"agent","input":` + hi + `}`, 404, "Thread with ID"},
		{"malformed JSON", "POST", thread + "/runs", `{nope`, 422, "Invalid JSON"},
		{"wrong type", "POST", thread + "/runs", `{"assistant_id":7}`, 422, "assistant_id"},
		{"input that is no object", "POST", thread + "/runs", `{"assistant_id":"agent","input":"text"}`, 422, "no object"},
		{"input of a wrong type", "POST", thread + "/runs", `{"assistant_id":"agent","input":{"messages":7}}`, 422, "messages"},
		{"strategy", "POST", thread + "/runs", `{"assistant_id":"agent","input":` + hi + `,"multitask_strategy":"zz"}`, 422, "enqueue"},
		{"webhook", "POST", thread + "/runs", `{"assistant_id":"agent","input":` + hi + `,"webhook":"http://example.com"}`, 422, "webhook"},
		{"feedback keys", "POST", thread + "/runs", `{"assistant_id":"agent","input":` + hi + `,"feedback_keys":["k"]}`, 422, "/v1/feedback"},
		{"delay that is not served", "POST", thread + "/runs", `{"assistant_id":"agent","input":` + hi + `,"after_seconds":60}`, 422, "hold"},
		{"empty command", "POST", thread + "/runs", `{"assistant_id":"agent","command":{}}`, 422, "input null"},
		{"answer without a question", "POST", thread + "/runs", `{"assistant_id":"agent","command":{"resume":"yes"}}`, 422, "no open question"},
		{"answer to another question", "POST", stopped + "/runs", `{"assistant_id":"agent","command":{"resume":{"0123456789abcdef0123456789abcdef":"yes"}}}`, 422, "no question"},
		{"going nowhere", "POST", stopped + "/runs", `{"assistant_id":"agent","command":{"goto":"nowhere"}}`, 422, "nowhere"},
		{"going to a number", "POST", stopped + "/runs", `{"assistant_id":"agent","command":{"goto":7}}`, 422, "node's name"},
		{"nothing to go on with", "POST", thread + "/runs", `{"assistant_id":"agent","input":null}`, 422, "nothing to begin with"},
		{"edit of an unknown key", "POST", stopped + "/state", `{"values":{"zzz":1},"as_node":"thought"}`, 422, "zzz"},
		{"edit as an unknown node", "POST", stopped + "/state", `{"values":{"step_count":1},"as_node":"nope"}`, 422, "nope"},
		{"edit of a wrong type", "POST", stopped + "/state", `{"values":{"step_count":"x"},"as_node":"thought"}`, 422, "step_count"},
		{"edit that is no object", "POST", stopped + "/state", `{"values":7}`, 422, "values"},
		{"edit with a list", "POST", stopped + "/state", `{"values":[{"step_count":1}],"as_node":"thought"}`, 422, "values"},
		{"search limit", "POST", server + "/threads/search", `{"limit":0}`, 422, "1 to 1000"},
		{"search limit that is text", "POST", server + "/threads/search", `{"limit":"x"}`, 422, "limit"},
		{"search status", "POST", server + "/threads/search", `{"status":"zzz"}`, 422, "interrupted"},
		{"search order", "POST", server + "/threads/search", `{"sort_by":"zz"}`, 422, "created_at"},
		{"search field", "POST", server + "/threads/search", `{"select":["zz"]}`, 422, "no field"},
		{"TTL", "POST", server + "/threads", `{"ttl":{"ttl":-1}}`, 422, "minutes"},
		{"TTL strategy", "POST", server + "/threads", `{"ttl":{"ttl":1,"strategy":"zz"}}`, 422, "keep_latest"},
		{"two updates in one super-step", "POST", server + "/threads", `{"supersteps":[{"updates":[{},{}]}]}`, 422, "one update"},
		{"prune nothing", "POST", server + "/threads/prune", `{"thread_ids":[]}`, 422, "thread_ids"},
		{"empty batch", "POST", server + "/runs/batch", `[]`, 422, "1 to 1000"},
		{"batch with a wrong one", "POST", server + "/runs/batch", `[{"assistant_id":"agent","input":` + hi + `},{"assistant_id":"nope"}]`, 404, "nope"},
		{"cancel by status", "POST", server + "/runs/cancel", `{"status":"all"}`, 422, "thread_id and run_ids"},
		{"version", "POST", server + "/assistants/agent/latest", `{"version":2}`, 404, "version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := call(t, c.method, c.url, c.body)
			require.Equal(t, c.status, r.Status, r.Body)
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
			require.Contains(t, r.object(t)["detail"], c.says)
			require.NotEmpty(t, r.object(t)["code"])
			require.Equal(t, r.Header.Get("X-Request-Id"), r.object(t)["request_id"])
		})
	}
	require.Contains(t, call(t, "GET", stopped, "").Body, `"status":"interrupted"`, "nothing has moved the thread")
}

func TestARunThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	thread := newThread(t, setup(t))
	r := call(t, "POST", thread+"/runs/wait", `{"assistant_id":"agent","input":{"mode":"fail"}}`)
	require.Equal(t, http.StatusOK, r.Status)
	failed := r.object(t)["__error__"].(map[string]any)
	require.Equal(t, "Error", failed["error"])
	require.Contains(t, failed["message"], "the model is out")
	r = call(t, "POST", thread+"/runs/wait", `{"assistant_id":"agent","input":{"messages":[],"mode":""},"config":{"recursion_limit":1}}`)
	require.Contains(t, r.Body, `"error":"GraphRecursionError"`)
	require.Contains(t, call(t, "GET", thread+"/runs?status=error&limit=1", "").Body, "GraphRecursionError")
}
