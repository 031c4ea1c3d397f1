package graph_test

// timeCases are about history, replay, forks and edits.
func timeCases() []caseOf {
	set := map[string]any{"word": "edited"}
	return []caseOf{
		caseOf{
			Name: "checkpoints of a run", Rule: "Steps are -1 for the input, 0 for what it has become, then one for each super-step; sources are input and loop.",
		}.flow("start>a>b").does(invoke),
		caseOf{
			Name: "a second run on a thread", Rule: "The input of a later run is a checkpoint, too, at the next step.",
		}.flow("start>a").does(invoke, invoke),
		caseOf{
			Name: "going on with a thread that has ended", Rule: "None on a thread that has ended does nothing.",
		}.flow("start>a").does(invoke, goOn),
		caseOf{
			Name: "going on with an empty thread", Rule: "None on a thread without checkpoints raises EmptyInputError.",
		}.flow("start>a").does(goOn),
		caseOf{
			Name: "replay runs what comes after", Rule: "Replay: nodes before the checkpoint do not run again; a fork checkpoint comes first.",
		}.flow("start>a>b>c").does(invoke, at(goOn, 1)),
		caseOf{
			Name: "replay from the newest checkpoint", Rule: "Replay from the head makes a fork, too, unless it is an edit.",
		}.flow("start>a").does(invoke, at(goOn, 1)),
		caseOf{
			Name: "replay from the input", Rule: "Replay from the input checkpoint takes the input again.",
		}.flow("start>a").does(input("x"), at(goOn, -1)),
		caseOf{
			Name: "replay asks again", Rule: "Replay: interrupts fire again, answers of the first time do not count.",
			Nodes: nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b").does(invoke, plain("yes"), at(goOn, 1), plain("no")),
		caseOf{
			Name: "replay runs finished siblings again", Rule: "Replay: pending writes of the checkpoint do not count.",
			Nodes: nodes{"b": {Fail: 1, After: "c"}},
		}.flow("start>a>b,c b>d c>d").does(invoke, at(goOn, 1)),
		caseOf{
			Name: "replay passes the breakpoint it begins at", Rule: "A run that goes on from a checkpoint does not stop at the breakpoint there.",
			Before: []string{"b"},
		}.flow("start>a>b").does(invoke, goOn, at(goOn, 1)),
		caseOf{
			Name: "replay stops at later breakpoints", Rule: "Breakpoints further on stop a replay.",
			Before: []string{"c"},
		}.flow("start>a>b>c").does(invoke, goOn, at(goOn, 1), goOn),
		caseOf{
			Name: "an input at an earlier checkpoint", Rule: "An input with a checkpoint_id begins a branch there.",
		}.flow("start>a>b").does(input("x"), at(input("y"), 1)),
		caseOf{
			Name: "an edit is a checkpoint", Rule: "update_state: a checkpoint of source update, as if the last writer had returned the values.",
			Before: []string{"b"},
		}.flow("start>a>b").does(invoke, update(someValues, ""), goOn),
		caseOf{
			Name: "an edit as a node", Rule: "update_state(as_node): what follows the node comes next.",
		}.flow("start>a>b>c").does(invoke, update(someValues, "a"), goOn),
		caseOf{
			Name: "an edit as the start", Rule: "update_state(as_node=START): what follows the start comes next.",
		}.flow("start>a>b").does(invoke, update(someValues, "__start__"), goOn),
		caseOf{
			Name: "an edit is reduced", Rule: "update_state writes through the reducers.",
		}.flow("start>a").does(input("x"), update(someValues, "a")),
		caseOf{
			Name: "an edit asks the branches", Rule: "update_state(as_node) asks the node's branches, which see the values.",
			Branches: []branchCase{{From: "a", To: [][]string{{"b"}, {"c"}}}},
		}.flow("start>a b>end c>end").does(invoke, update(map[string]any{"log": []string{"a"}}, "a"), goOn),
		caseOf{
			Name: "an edit arrives at a join", Rule: "update_state(as_node) counts as the node's arrival at its joins.",
			Nodes: nodes{"b": {}}, Branches: []branchCase{{From: "__start__", To: [][]string{{"a"}}}},
		}.flow("a+b>c>d").does(invoke, update(nothing, "b"), goOn),
		caseOf{
			Name: "an ambiguous edit", Rule: "update_state without as_node is refused when several nodes wrote last.",
		}.flow("start>a,b").does(invoke, update(set, "")),
		caseOf{
			Name: "an edit after tasks that were sent", Rule: "LangGraph does not count tasks that were sent as writers, but looks further back.",
			Differs: "They ran last, and tasks of one node are one writer.",
			Nodes:   nodes{"a": {Sends: [][2]string{{"b", "1"}, {"b", "2"}}}},
		}.flow("start>a b>c>d").does(limit(invoke, 2), update(set, ""), goOn),
		caseOf{
			Name: "an edit as an unknown node", Rule: "update_state(as_node) with an unknown node is refused.",
		}.flow("start>a").does(invoke, update(set, "nobody")),
		caseOf{
			Name: "the first edit of a thread", Rule: "update_state on an empty thread counts as START, also in a graph of one node; its step is 0.",
		}.flow("start>a").does(update(someValues, ""), update(someValues, ""), goOn),
		caseOf{
			Name: "edits do not count as the last writer", Rule: "update_state without as_node looks past earlier edits.",
		}.flow("start>a>b>c").does(invoke, update(set, "a"), update(set, "")),
		caseOf{
			Name: "clearing what comes next", Rule: "update_state(None, as_node=END) leaves nothing to come.",
			Before: []string{"b"},
		}.flow("start>a>b").does(invoke, update(nothing, "__end__"), goOn),
		caseOf{
			Name: "values as the end", Rule: "update_state(values, as_node=END) is refused.",
		}.flow("start>a").does(invoke, update(set, "__end__")),
		caseOf{
			Name: "an edit as input", Rule: "update_state(as_node=\"__input__\") makes an input that the next run takes.",
		}.flow("start>a").does(invoke, update(someValues, "__input__"), goOn),
		caseOf{
			Name: "a copy", Rule: "update_state(None, as_node=\"__copy__\"): a checkpoint of source fork beside the original, with the same to come.",
		}.flow("start>a>b").does(invoke, at(update(nothing, "__copy__"), 1), goOn),
		caseOf{
			Name: "a copy of nothing", Rule: "Copying a checkpoint that does not exist is refused.",
		}.flow("start>a").does(update(nothing, "__copy__")),
		caseOf{
			Name: "the last writer of a copy", Rule: "A copy has the last writer of its original.",
		}.flow("start>a>b>c").does(invoke, at(update(nothing, "__copy__"), 1), update(set, "")),
		caseOf{
			Name: "the last writer of a copied edit", Rule: "A copy of an edit has the edit's last writer.",
		}.flow("start>a>b>c").does(invoke, update(set, "a"), update(nothing, "__copy__"), update(set, "")),
		caseOf{
			Name: "the last writer after a fork", Rule: "A fork that has run nothing has the last writer of its parent.",
			Nodes: nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b").does(invoke, at(goOn, 1), update(set, "")),
		caseOf{
			Name: "several edits at once", Rule: "bulk_update_state: the updates are one super-step, each as its node.",
		}.flow("start>a,b a>c b>d").does(stepCase{Do: "bulk", Updates: []stepCase{update(someValues, "a"), update(set, "b")}}, goOn),
		caseOf{
			Name: "several edits must say as which node", Rule: "bulk_update_state with several updates needs as_node.",
		}.flow("start>a,b").does(stepCase{Do: "bulk", Updates: []stepCase{update(set, "a"), update(set, "")}}),
		caseOf{
			Name: "an edit of an earlier checkpoint", Rule: "update_state with a checkpoint_id makes a branch there; the thread goes on from it.",
		}.flow("start>a>b>c").does(invoke, at(update(set, ""), 1), goOn),
		caseOf{
			Name: "going on from an edit by its id", Rule: "Replay from a checkpoint of source update makes no fork of its own.",
		}.flow("start>a>b").does(invoke, at(update(set, ""), 1), from(goOn, "update", 2)),
		caseOf{
			Name: "an edit beside a finished sibling", Rule: "LangGraph loses what a finished sibling has written when the thread is edited.",
			Differs: "What has been written, and is shown, must not vanish: the edit counts it in.",
			Nodes:   nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b,c c>d").does(invoke, update(someValues, "b"), goOn),
		caseOf{
			Name: "clearing beside a finished sibling", Rule: "LangGraph follows the finished sibling's edges although the thread is cleared.",
			Differs: "To clear is to leave nothing to come.",
			Nodes:   nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b,c c>d").does(invoke, update(nothing, "__end__"), goOn),
		caseOf{
			Name: "an input as an edit beside what comes next", Rule: "LangGraph leaves the tasks that were next beside the input.",
			Differs: "An input drops what was next, whichever way it comes.",
			Before:  []string{"b"},
		}.flow("start>a>b").does(invoke, update(someValues, "__input__"), goOn),
		caseOf{
			Name: "an edit beside a complete join", Rule: "LangGraph keeps a task that a join has led to when the thread is edited as another node, and drops one that an edge has led to.",
			Differs: "What comes next is what follows the node of the edit, in both cases.",
			Before:  []string{"c"}, Nodes: nodes{"e": {}},
		}.flow("start>a,b a+b>c").does(invoke, update(set, "e")),
		caseOf{
			Name: "goto at resume", Rule: "LangGraph adds Command(goto) to the tasks that come next, and stores no checkpoint for it.",
			Differs: "Who sends a run elsewhere does not want it where it was. The checkpoint makes the move visible.",
			Nodes:   nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b c>end").does(invoke, stepCase{Do: "command", Values: set, Goto: []string{"c"}}),
		caseOf{
			Name: "goto the end at resume", Rule: "LangGraph does not know END here: the tasks that come next run.",
			Differs: "Clients send it to be done with a question: nothing is left to come.",
			Nodes:   nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b").does(invoke, stepCase{Do: "command", Goto: []string{"__end__"}}),
		caseOf{
			Name: "a command with values", Rule: "Command(update) writes to the state, and the tasks that come next run. LangGraph stores no checkpoint for it.",
			Differs: "The write is stored before the tasks run, as a checkpoint of source fork.",
			Before:  []string{"b"},
		}.flow("start>a>b").does(invoke, stepCase{Do: "command", Values: set}),
	}
}
