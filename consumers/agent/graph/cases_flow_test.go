package graph_test

// flowCases are about where a run goes.
func flowCases() []caseOf {
	return []caseOf{
		caseOf{
			Name: "a branch chooses", Rule: "add_conditional_edges: the path function names the next node.",
			Branches: []branchCase{{From: "a", To: [][]string{{"c"}}}},
		}.flow("start>a b>end c>end").does(invoke),
		caseOf{
			Name: "a branch sees its own node's writes", Rule: "A conditional edge sees the state with the writes of its own task applied.",
			Branches: []branchCase{{From: "a", To: [][]string{{"a"}, {"a"}, {"__end__"}}}},
		}.flow("start>a").does(invoke),
		caseOf{
			Name: "a branch does not see the siblings' writes", Rule: "A conditional edge sees no writes of other tasks of its super-step.",
			Branches: []branchCase{{From: "b", To: [][]string{{"c"}, {"d"}}}},
			Nodes:    nodes{"a": {Replace: []string{"b", "b", "b"}}},
		}.flow("start>a,b c>end d>end").does(invoke),
		caseOf{
			Name: "a branch with labels", Rule: "path_map: the path function returns labels, which the map turns into nodes.",
			Branches: []branchCase{{From: "a", To: [][]string{{"yes", "stop"}}, Labels: map[string]string{"yes": "b", "no": "c", "stop": "__end__"}}},
		}.flow("start>a b>end c>end").does(invoke),
		caseOf{
			Name: "a label that the branch does not have", Rule: "A label that is not in path_map is an error of the node.",
			Differs:  "LangGraph's state shows the failed node's writes, and no next node. Here nothing of it counts.",
			Branches: []branchCase{{From: "a", To: [][]string{{"maybe"}}, Labels: map[string]string{"yes": "b"}}},
		}.flow("start>a b>end").does(invoke),
		caseOf{
			Name: "a branch to several nodes", Rule: "A path function may return a list: all of them run in the next super-step.",
			Branches: []branchCase{{From: "a", To: [][]string{{"c", "b"}}}},
		}.flow("start>a b>d c>d").does(invoke),
		caseOf{
			Name: "several branches of a node", Rule: "A node may have several conditional edges, besides plain ones: all are followed.",
			Branches: []branchCase{{From: "a", To: [][]string{{"b"}}}, {From: "a", To: [][]string{{"c", "__end__"}}}},
		}.flow("start>a>d b>end c>end").does(invoke),
		caseOf{
			Name: "a branch from the start", Rule: "Conditional edges may leave START; they see the input.",
			Branches: []branchCase{{From: "__start__", To: [][]string{{"b", "a"}}}},
		}.flow("a>end b>end").does(input("x")),
		caseOf{
			Name: "a branch from the start to the end", Rule: "A run whose input leads to END is over at once, with its input in the state.",
			Branches: []branchCase{{From: "__start__", To: [][]string{{"__end__"}}}},
		}.flow("a>end").does(input("x"), goOn, input("y")),
		caseOf{
			Name: "the end beside a node", Rule: "END among the targets ends nothing while other targets are left.",
			Branches: []branchCase{{From: "a", To: [][]string{{"__end__", "b"}}}},
		}.flow("start>a b>c").does(invoke),
		caseOf{
			Name: "sends fan out", Rule: "Send: each is a task of its own with its own input, in the order of sending.",
			Nodes: nodes{"a": {Sends: [][2]string{{"w", "2"}, {"w", "1"}, {"v", "3"}}}},
		}.flow("start>a v>b w>b").does(invoke),
		caseOf{
			Name: "sends beside edges", Rule: "Nodes reached by edges come first in the order of writes, then what was sent.",
			Nodes: nodes{"a": {Sends: [][2]string{{"b", "1"}}, Goto: []string{"z"}}},
		}.flow("start>a>c b>end z>end").does(invoke),
		caseOf{
			Name: "a node with an edge and a send to it", Rule: "A node runs once for its edges and once more for each Send.",
			Nodes: nodes{"a": {Sends: [][2]string{{"b", "1"}}}},
		}.flow("start>a>b>c").does(invoke),
		caseOf{
			Name: "sends from a branch", Rule: "A path function may return Sends, besides names.",
			Branches: []branchCase{{From: "a", To: [][]string{{"c"}}, Sends: [][2]string{{"b", "1"}, {"b", "2"}}}},
		}.flow("start>a b>d c>d").does(invoke),
		caseOf{
			Name: "sends from the start", Rule: "Map-reduce may begin at START.",
			Branches: []branchCase{{From: "__start__", To: [][]string{{}}, Sends: [][2]string{{"b", "1"}, {"b", "2"}}}},
		}.flow("b>c").does(invoke),
		caseOf{
			Name: "sends of siblings keep the siblings' order", Rule: "Sends are ordered by the path of the task that sent them, then by the order of sending.",
			Nodes: nodes{"b": {Sends: [][2]string{{"w", "b1"}, {"w", "b2"}}}, "a": {Sends: [][2]string{{"w", "a1"}}}},
		}.flow("start>b,a w>end").does(invoke),
		caseOf{
			Name: "a command's goto adds to the edges", Rule: "Command(goto) of a node adds to its static edges.",
			Nodes: nodes{"a": {Goto: []string{"c"}}},
		}.flow("start>a>b c>end").does(invoke),
		caseOf{
			Name: "a command's goto to the end", Rule: "Command(goto=END) goes nowhere and takes nothing away from the edges.",
			Nodes: nodes{"a": {Goto: []string{"__end__"}}},
		}.flow("start>a>b").does(invoke),
		caseOf{
			Name: "a command's goto to an unknown node", Rule: "LangGraph warns and goes on without it.",
			Differs: "The run would end early in silence: the node fails with ErrUnknownNode.",
			Nodes:   nodes{"a": {Goto: []string{"nowhere"}}},
		}.flow("start>a").does(invoke),
		caseOf{
			Name: "a join waits for all", Rule: "An edge from several nodes is taken when all of them have run, in whatever super-steps.",
		}.flow("start>a,b b>c>d a+d>e").does(invoke),
		caseOf{
			Name: "a join of one step", Rule: "A join of nodes of one super-step is taken once.",
		}.flow("start>a,b,c a+b+c>d").does(invoke),
		caseOf{
			Name: "a join that is not complete", Rule: "A join of which a node does not run is not taken.",
			Branches: []branchCase{{From: "a", To: [][]string{{"b"}}}},
		}.flow("start>a b>end c>end b+c>d").does(invoke),
		caseOf{
			Name: "a join fires again", Rule: "A join that was taken waits for all again.",
			Branches: []branchCase{{From: "d", To: [][]string{{"a", "b"}, {"__end__"}}}},
		}.flow("start>a,b a+b>d").does(invoke),
		caseOf{
			Name: "a join keeps what it has across runs", Rule: "Arrivals at a join are state: they outlast the run.",
			Branches: []branchCase{{From: "__start__", To: [][]string{{"a"}}}},
			Nodes:    nodes{"b": {}},
		}.flow("a+b>c").does(invoke, update(nil, "b"), goOn),
		caseOf{
			Name: "a node that arrives twice at a join counts once", Rule: "A join counts names, not arrivals.",
			Branches: []branchCase{{From: "a", To: [][]string{{"a"}, {"b"}}}},
		}.flow("start>a b>end a+b>c").does(invoke),
		caseOf{
			Name: "a join with an edge to its target", Rule: "A node with a join and an edge runs for either, once if both are there at a time.",
		}.flow("start>a,b a>c a+b>c").does(invoke),
		caseOf{
			Name: "a deferred node waits for the others", Rule: "defer=True: the node runs when the run is about to end, and once.",
			Nodes: nodes{"z": {Defer: true}},
		}.flow("start>a,b a>z b>c>d>z").does(invoke),
		caseOf{
			Name: "a deferred join", Rule: "A deferred node with a join waits for the join and for the end.",
			Nodes: nodes{"z": {Defer: true}},
		}.flow("start>a,b,c a+b>z c>d>e").does(invoke),
		caseOf{
			Name: "two deferred nodes", Rule: "Deferred nodes that wait run in one super-step.",
			Nodes: nodes{"y": {Defer: true}, "z": {Defer: true}},
		}.flow("start>a>z start>b>c>y").does(invoke),
		caseOf{
			Name: "a deferred node that leads on", Rule: "What follows a deferred node runs after it, in the same run.",
			Nodes: nodes{"z": {Defer: true}},
		}.flow("start>a>z>b start>c>d").does(invoke),
		caseOf{
			Name: "a send to a deferred node", Rule: "What is sent to a deferred node runs at once.",
			Nodes: nodes{"a": {Sends: [][2]string{{"z", "1"}}}, "z": {Defer: true}},
		}.flow("start>a>b>c z>end").does(invoke),
		caseOf{
			Name: "a deferred node beside sends", Rule: "LangGraph does not count Sends: the deferred node runs beside them.",
			Differs: "The documented rule is that a deferred node waits for all other tasks. Here it does, so a map-reduce can be collected by one.",
			Nodes:   nodes{"a": {Sends: [][2]string{{"b", "1"}, {"b", "2"}}}, "z": {Defer: true}},
		}.flow("start>a>z b>end").does(invoke),
		caseOf{
			Name: "the recursion limit", Rule: "A run that needs more super-steps than its limit raises GraphRecursionError; what it has done is stored.",
		}.flow("start>a>b>c>d").does(limit(invoke, 2), goOn),
		caseOf{
			Name: "a run of exactly the limit", Rule: "LangGraph counts the look for further tasks as a step: a run that is done in N steps fails with limit N.",
			Differs: "A run that is done has not reached a limit.",
		}.flow("start>a>b").does(limit(invoke, 2)),
		caseOf{
			Name: "a retry mends a failure", Rule: "RetryPolicy: a failing node runs again, up to max_attempts in all.",
			Nodes: nodes{"a": {Fail: 2, Retry: 3}},
		}.flow("start>a>b").does(invoke),
		caseOf{
			Name: "a retry gives up", Rule: "RetryPolicy: after max_attempts the node's error ends the run.",
			Nodes: nodes{"a": {Fail: -1, Retry: 3}},
		}.flow("start>a>b").does(invoke),
		caseOf{
			Name: "a retry after an answer", Rule: "LangGraph forgets a node's answers when it retries the node: it asks again.",
			Differs: "An answer stays an answer.",
			Nodes:   nodes{"a": {Ask: []string{"q"}, Fail: 1, Retry: 3}},
		}.flow("start>a>b").does(invoke, plain("yes"), stepCase{Do: "yes"}),
		caseOf{
			Name: "a question is no failure to retry", Rule: "RetryPolicy: an interrupt is not retried.",
			Nodes: nodes{"a": {Ask: []string{"q"}, Retry: 3}},
		}.flow("start>a").does(invoke, plain("yes")),
	}
}
