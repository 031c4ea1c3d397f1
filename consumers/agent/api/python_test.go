package api_test

import "testing"

// TestThePythonClientSeesTheSame drives our server and `langgraph dev` with the official client and one script.
func TestThePythonClientSeesTheSame(t *testing.T) {
	t.Parallel()
	theirs := drivePython(t, startPython(t))
	ours := drivePython(t, setup(t))
	compare(t, theirs, ours, append(everywhere(), []difference{
		{`threads\.get.*`, `\.error`, "the run has the error"},
		{`runs\.stream.*`, `.*\.checkpoint_ns`, "the older name, which LangGraph.js still sends"},
		{`runs\.stream (debug|checkpoints)`, `.*\.(tasks\[0\]\.path.*|run_id|thread_id)`, "as LangGraph.js has it"},
		{`runs\.stream checkpoints`, `.*\.(checkpoint|parent_checkpoint)\..*`, "as in debug"},
		{`runs\.stream (debug|tasks)`, `.*\.interrupts`, "as LangGraph.js has it"},
		{`runs\.join`, `\.(messages|step_count).*`, "all values, as of wait, not only the interrupt"},
		{`.*`, `.*\.status`, "the test's tool message has no status; 422 where the client is wrong"},
	}...))
}
