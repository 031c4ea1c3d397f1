package graph_test

// pauseCases are about interrupts, and about what outlasts a failure.
func pauseCases() []caseOf {
	return []caseOf{
		caseOf{
			Name: "a breakpoint before a node", Rule: "interrupt_before stops before the node; None goes on.",
			Before: []string{"b"},
		}.flow("start>a>b>c").does(invoke, goOn),
		caseOf{
			Name: "a breakpoint after a node", Rule: "interrupt_after stops after the super-step of the node; None goes on.",
			After: []string{"b"},
		}.flow("start>a>b>c").does(invoke, goOn),
		caseOf{
			Name: "a breakpoint before every node", Rule: "interrupt_before=\"*\" stops before every super-step.",
			Before: []string{"*"},
		}.flow("start>a>b").does(invoke, goOn, goOn),
		caseOf{
			Name: "a breakpoint after every node", Rule: "interrupt_after=\"*\" stops after every super-step; after the last there is nothing to stop.",
			After: []string{"*"},
		}.flow("start>a>b").does(invoke, goOn, goOn),
		caseOf{
			Name: "breakpoints before and after", Rule: "A super-step boundary stops a run once, also where one node's end meets another's beginning.",
			Before: []string{"b"}, After: []string{"a"},
		}.flow("start>a>b>c").does(invoke, goOn),
		caseOf{
			Name: "breakpoints of a run", Rule: "interrupt_before and interrupt_after can be given to a run.",
		}.flow("start>a>b>c").does(stepCase{Do: "invoke", Before: []string{"b"}}, stepCase{Do: "continue", After: []string{"b"}}, goOn),
		caseOf{
			Name: "a breakpoint in a loop", Rule: "A breakpoint stops each time that the run comes by.",
			Before: []string{"b"}, Branches: []branchCase{{From: "b", To: [][]string{{"a"}, {"__end__"}}}},
		}.flow("start>a>b").does(invoke, goOn, goOn),
		caseOf{
			Name: "a breakpoint among siblings", Rule: "A breakpoint before one node holds up its whole super-step.",
			Before: []string{"b"},
		}.flow("start>a>b,c").does(invoke, goOn),
		caseOf{
			Name: "a new input drops what a breakpoint held up", Rule: "An input on an interrupted thread begins again: tasks that were next are dropped.",
			Before: []string{"b"},
		}.flow("start>a>b").does(input("x"), input("y"), goOn),
		caseOf{
			Name: "a question", Rule: "interrupt(value) stops the run; Command(resume) answers, and the node runs again from its start.",
			Nodes: nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b>c").does(invoke, plain("yes")),
		caseOf{
			Name: "several questions of a node", Rule: "The k-th interrupt() of a node gets the k-th answer.",
			Differs: "While the node asks its second question LangGraph's state names no next node, though the run goes on there. Here it does.",
			Nodes:   nodes{"b": {Ask: []string{"q1", "q2", "q3"}}},
		}.flow("start>a>b").does(invoke, plain("1"), plain("2"), plain("3")),
		caseOf{
			Name: "going on without an answer asks again", Rule: "None on a thread with an open question runs the node again, which asks again.",
			Nodes: nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b").does(invoke, goOn, plain("yes")),
		caseOf{
			Name: "questions of several nodes", Rule: "Several interrupts may be open; they are answered by a map of ids.",
			Nodes: nodes{"a": {Ask: []string{"qa"}}, "b": {Ask: []string{"qb"}}},
		}.flow("start>a,b a>c b>c").does(invoke, answer("qa", "1", "qb", "2")),
		caseOf{
			Name: "several questions need ids", Rule: "A plain resume with several open interrupts is refused.",
			Nodes: nodes{"a": {Ask: []string{"qa"}}, "b": {Ask: []string{"qb"}}},
		}.flow("start>a,b").does(invoke, plain("1")),
		caseOf{
			Name: "one of several questions", Rule: "Answering one interrupt finishes its task; the others ask again.",
			Differs: "LangGraph's state goes on to show the answered question.",
			Nodes:   nodes{"a": {Ask: []string{"qa"}}, "b": {Ask: []string{"qb"}}},
		}.flow("start>a,b a>c b>c").does(invoke, answer("qb", "2"), answer("qa", "1")),
		caseOf{
			Name: "a question beside a node that finishes", Rule: "A sibling that has finished does not run again when an interrupt is answered.",
			Nodes: nodes{"a": {Ask: []string{"q"}}},
		}.flow("start>a,b a>c b>c").does(invoke, plain("yes")),
		caseOf{
			Name: "a question of a task that was sent", Rule: "Each sent task has its own interrupts and answers.",
			Differs: "LangGraph's state goes on to show the answered question.",
			Nodes:   nodes{"a": {Sends: [][2]string{{"b", "1"}, {"c", "2"}}}, "b": {Ask: []string{"qb"}}, "c": {Ask: []string{"qc"}}},
		}.flow("start>a b>end c>end").does(invoke, answer("qc", "2"), answer("qb", "1")),
		caseOf{
			Name: "a breakpoint and a question of one node", Rule: "An answer to the one is none to the other.",
			Nodes: nodes{"b": {Ask: []string{"q"}}}, Before: []string{"b"},
		}.flow("start>a>b").does(invoke, goOn, plain("yes")),
		caseOf{
			Name: "a new input drops a question", Rule: "An input on a thread with an open question begins again; the question is gone until it is asked again.",
			Nodes: nodes{"b": {Ask: []string{"q"}}},
		}.flow("start>a>b").does(input("x"), input("y"), plain("yes")),
		caseOf{
			Name: "a finished sibling of a failed node", Rule: "Pending writes: a sibling that has finished does not run again after the failure.",
			Nodes: nodes{"b": {Fail: 1, After: "c"}},
		}.flow("start>a>b,c b>d c>d").does(invoke, goOn),
		caseOf{
			Name: "a new input drops the writes of a finished sibling", Rule: "Pending writes belong to their checkpoint: a new input leaves them behind.",
			Nodes: nodes{"b": {Fail: 1, After: "c"}},
		}.flow("start>a>b,c").does(input("x"), input("y")),
		caseOf{
			Name: "a failure goes on with None", Rule: "A failed run goes on from its last checkpoint with None.",
			Nodes: nodes{"b": {Fail: 1}},
		}.flow("start>a>b>c").does(invoke, goOn),
		caseOf{
			Name: "a finished sibling that was sent", Rule: "Pending writes are a task's, not a node's: of two tasks of a node one may be done.",
			Nodes: nodes{"a": {Sends: [][2]string{{"w", "1"}, {"b", "2"}}}, "b": {Fail: 1, After: "w:1"}},
		}.flow("start>a w>c b>c").does(invoke, goOn),
	}
}
