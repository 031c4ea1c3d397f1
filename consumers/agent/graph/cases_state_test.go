package graph_test

// stateCases are about channels and super-steps.
func stateCases() []caseOf {
	return []caseOf{
		caseOf{
			Name: "a last value keeps the last write", Rule: "LastValue: the write of a later super-step replaces the value.",
			Nodes: nodes{"a": {Word: "first"}, "b": {Word: "second"}},
		}.flow("start>a>b").does(invoke),
		caseOf{
			Name: "two writes of a last value in one step are refused", Rule: "LastValue: two writes in one super-step raise InvalidUpdateError.",
			Nodes: nodes{"a": {Word: "x"}, "b": {Word: "y"}},
		}.flow("start>a,b").does(invoke),
		caseOf{
			Name: "a refused step leaves the state as it was", Rule: "An InvalidUpdateError stores no checkpoint; the tasks are still to come.",
			Nodes: nodes{"a": {}, "b": {Word: "x"}, "c": {Word: "y"}},
		}.flow("start>a>b,c").does(invoke),
		caseOf{
			Name: "a reducer gets all writes of a step", Rule: "BinaryOperatorAggregate: each write of a super-step is reduced into the value.",
			Nodes: nodes{"a": {Best: 3}, "b": {Best: 7}, "c": {Best: 5}},
		}.flow("start>a,b,c").does(invoke),
		caseOf{
			Name: "input is reduced like any write", Rule: "The input is written through the reducers, on top of the thread's state.",
		}.flow("start>a").does(input("x"), input("y")),
		caseOf{
			Name: "an overwrite goes past the reducer", Rule: "Overwrite replaces the value instead of reducing it.",
			Nodes: nodes{"b": {Replace: []string{"new"}}},
		}.flow("start>a>b>c").does(input("old")),
		caseOf{
			Name: "an overwrite beats the reduced writes of its step", Rule: "Overwrite and reduced writes in one super-step: the overwrite alone counts, wherever it stands.",
			Nodes: nodes{"b": {Replace: []string{"new"}}},
		}.flow("start>a,b,c").does(invoke),
		caseOf{
			Name: "two overwrites in one step are refused", Rule: "Two Overwrites of a channel in one super-step raise InvalidUpdateError.",
			Nodes: nodes{"a": {Replace: []string{"x"}}, "b": {Replace: []string{"y"}}},
		}.flow("start>a,b").does(invoke),
		caseOf{
			Name: "a write of an unknown key", Rule: "LangGraph drops what a node writes to a key that the state does not have.",
			Differs: "A typo must not lose a value in silence: the node fails with ErrUnknownKey.",
			Nodes:   nodes{"a": {Unknown: "x"}},
		}.flow("start>a").does(invoke),
		caseOf{
			Name: "nodes of a step see one snapshot", Rule: "Nodes of one super-step do not see each other's writes.",
			Nodes: nodes{"a": {See: true}, "b": {See: true}, "c": {See: true}, "d": {See: true}},
		}.flow("start>a>b,c b>d c>d").does(invoke),
		caseOf{
			Name: "writes are applied in the order of the tasks", Rule: "Writes are sorted by task path: nodes by name, however they were added.",
		}.flow("start>d,b,c,a").does(invoke),
		caseOf{
			Name: "a node reached twice runs once", Rule: "A node is one task of a super-step, however many edges have led to it.",
		}.flow("start>a,b a>c b>c").does(invoke),
		caseOf{
			Name: "edges of unequal length run the target twice", Rule: "Plain edges do not wait for each other: the target runs in each super-step that an edge leads to.",
		}.flow("start>a,b b>c a>d c>d").does(invoke),
		caseOf{
			Name: "a run goes on from the thread's state", Rule: "A new input on a thread goes on with its state and its steps.",
		}.flow("start>a>b").does(input("x"), input("y")),
		caseOf{
			Name: "a node that fails ends the run before its step", Rule: "A failing node stores no checkpoint: its super-step is still to come.",
			Nodes: nodes{"b": {Fail: -1}},
		}.flow("start>a>b>c").does(invoke),
	}
}
