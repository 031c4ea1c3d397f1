package api_test

import "testing"

// TestTheJavaScriptClientSeesTheSame drives our server and LangGraph.js's with the official client and one script.
func TestTheJavaScriptClientSeesTheSame(t *testing.T) {
	t.Parallel()
	theirs := driveJS(t, startJS(t))
	ours := driveJS(t, setup(t))
	compare(t, theirs, ours, append(everywhere(), []difference{
		{`assistants\.getGraph`, `.*`, "nodes and edges are written as the Python server does"},
		{`threads\..*`, `.*\.(checkpoint_id|parent_checkpoint_id|state_updated_at)`, "the Python server has these members, too"},
		{`threads\.getState.*`, `\.interrupts.*`, "the Python server has this member, too"},
		{`threads\.get interruptBefore`, `\.interrupts.*`, "a task without a question is not listed"},
		{`threads\.(create|getState new)`, `\.(values|metadata)`, "null where nothing is, as the Python server writes it"},
		{`runs\.stream`, `\[3\]\.data\[1\]\.name`, "the name of LangChain's runnable"},
		{`runs\.stream.*`, `\[\d\]\.data\.(messages|step_count).*`, "an interrupt comes with all values, as the Python server has it"},
		{`runs\.stream interrupt(Before|After)`, `\[\d\]\.(event|data).*`, "a run that was told to stop says so once, in updates, as the Python server has it"},
		{`runs\.get`, `\.kwargs\.(command|interrupt_after|interrupt_before)`, "null where nothing was sent, as the Python server has it"},
		{`runs\.get`, `.*\.(user-agent|assistant_id|created_by|graph_id|purpose)`, "headers, and the metadata of thread and assistant, are not repeated with each run"},
		{`runs\.get`, `\.multitask_strategy`, "our default is enqueue, as the Python server's"},
		{`runs\.stream fork resume`, `\[\d\].*`, "LangGraph.js answers the question of the fork with the first answer; Python and we take the new one"},
		{`threads\.getHistory fork`, `\[\d\].*`, "follows from the former"},
		{`threads\.updateState unknown node`, `\.status`, "500 there, 422 here: it is the client's mistake"},
		{`runs\.(wait updated|wait stateless|join)`, `\.__interrupt__.*`, "an interrupt is told with all values, as the Python server has it"},
		{`runs\.create unknown thread`, `\.status`, "422 there, 404 here, as the Python server has it"},
	}...))
}

// everywhere are the differences from both servers.
func everywhere() []difference {
	return []difference{
		{`threads\.create`, `\.interrupts`, "{} also before the first run"},
		{`threads\.create`, `\.metadata\.(assistant_id|graph_id)`, "each thread belongs to the graph from its beginning"},
		{`.*`, `.*\.(step_count|messages)`, "a key that was never written is not shown, not even with its default"},
		{`runs\.stream.*`, `.*\.(created_by|purpose)`, "the metadata of thread and assistant are not repeated with each message and task"},
		{`threads\.get.*`, `\.config.*`, "a thread keeps no config: it is the run's"},
		{`threads\.get_?[sS]tate.*`, `\.metadata\..*`, "a checkpoint's metadata are its own; an edit under a waiting run names the run"},
		{`threads\.get_?[hH]istory`, `\[3\]\.tasks\[0\]\.interrupts.*`, "a question that was answered is not kept"},
		{`threads\.get_?[hH]istory before`, `\[0\]\.tasks\[0\]\.result.*`, "the result stands with the child, which is not part of this page"},
		{`runs\.stream interrupt_?[aA]fter`, `\[[45]\]\..*`, "a waiting run goes on with the breakpoints that it began with"},
		{`runs\.(stream|wait) failing`, `.*\.(error|message)`, "the message names the node; Go's errors have no class names"},
	}
}
