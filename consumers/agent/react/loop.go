package react

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/price"
	"github.com/ragline/ragline/schemas/event"
)

// The nodes.
const (
	NodeThought  = "thought"
	NodeSelector = "action_selector"
	NodeTool     = "tool_executor"
	NodeObserve  = "observation"
	NodeReview   = "human_review"
	NodeFinal    = "final_answer"
)

// historyMessages is how many messages of earlier runs of the thread the model is shown.
const historyMessages = 10

// Deps is what the loop works with.
type Deps struct {
	Model  llm.Model
	Tools  []tool.Tool
	Prices *price.Table
	// System is the system prompt.
	System string
	// NotFound is the phrase that says that the knowledge base does not answer.
	NotFound string
	// Reviews makes sensitive tools wait for a person.
	Reviews bool
	// Receipt finds the receipt of a call.
	Receipt func(ctx context.Context, callID string) (checkpoint.Receipt, error)
	// Stream is given the pieces of the final answer as they are written. It may be nil.
	Stream func(ctx context.Context, runID, piece string)
	Now    func() time.Time
}

type loop struct{ Deps }

// New returns the graph.
func New(d Deps) *graph.Graph {
	r := &loop{d}
	g := graph.New(keyRun, keyQuestion, keyMessages, keyThoughts, keyCalls, keyObservations, keyDecision,
		keyIterations, keyAnswer, keyState, keyError, keySteps, keyUsage, keyPico)
	for name, fn := range map[string]nodeFunc{
		NodeThought: r.thought, NodeSelector: r.selectAction, NodeTool: r.execute,
		NodeObserve: r.observation, NodeReview: r.humanReview, NodeFinal: r.finish,
	} {
		g.Node(name, r.traced(name, fn))
	}
	// The nodes with several ways out name the next one themselves; the branches are for pictures.
	none := func(graph.State) ([]string, error) { return nil, errors.New("the node named no next node") }
	return g.Edge(graph.Start, NodeThought).
		Edge(NodeThought, NodeSelector).
		Branch(NodeSelector, none, NodeTool, NodeReview, NodeObserve, NodeFinal).
		Branch(NodeReview, none, NodeTool, NodeObserve, NodeFinal).
		Edge(NodeTool, NodeObserve).
		Edge(NodeObserve, NodeThought).
		Edge(NodeFinal, graph.End)
}

// nodeFunc is a node that fills in its line of the trace.
type nodeFunc func(ctx context.Context, t *graph.Task, step *Step) (graph.Update, error)

func (r *loop) traced(name string, fn nodeFunc) graph.NodeFunc {
	return func(ctx context.Context, t *graph.Task) (graph.Update, error) {
		step := Step{Node: name, Started: r.Now().UTC()}
		u, err := fn(ctx, t, &step)
		if err != nil {
			return u, err
		}
		step.Duration = r.Now().Sub(step.Started)
		w, err := keySteps.Add(step)
		u.Writes = append(u.Writes, w)
		return u, err
	}
}

// thought asks the model what to do next.
func (r *loop) thought(ctx context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	run, err := keyRun.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	round, err := keyIterations.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	if round >= run.MaxSteps {
		var w writes
		w.add(keyState.Set(StateFailed))
		w.add(keyError.Set(fmt.Sprintf("step limit of %d reached", run.MaxSteps)))
		w.add(keyDecision.Set(Decision{Text: fmt.Sprintf("No answer: the limit of %d steps was reached.", run.MaxSteps)}))
		return graph.Update{Writes: w.list, Goto: []string{NodeFinal}}, w.err
	}
	call, err := r.ask(ctx, t)
	if err != nil {
		return graph.Update{}, err
	}
	step.Thought = call.Response.Thought
	d := Decision{Text: call.Response.Text}
	if c := call.Response.Call; c != nil {
		d = Decision{Call: &Call{
			ID: event.DeriveID(t.RunID, "call", round), Tool: c.Tool, Arguments: c.Arguments, Thought: call.Response.Thought,
		}}
	}
	w, err := r.account(t.State, call)
	if err != nil {
		return graph.Update{}, err
	}
	w.add(keyIterations.Set(round + 1))
	w.add(keyThoughts.Add(call.Response.Thought))
	w.add(keyDecision.Set(d))
	return graph.Update{Writes: w.list, Notes: []any{call}}, w.err
}

func (r *loop) ask(ctx context.Context, t *graph.Task) (ModelCall, error) {
	req, err := r.request(t.State)
	if err != nil {
		return ModelCall{}, err
	}
	out := ModelCall{Model: r.Model.Name(), Request: req, Started: r.Now()}
	var onToken func(string)
	if r.Stream != nil {
		onToken = func(piece string) { r.Stream(ctx, t.RunID, piece) }
	}
	out.Response, err = r.Model.Generate(ctx, req, onToken)
	out.Ended = r.Now()
	if err != nil {
		return out, fmt.Errorf("asking model %s: %w", r.Model.Name(), err)
	}
	name := out.Response.Model
	if name == "" {
		name = r.Model.Name()
	}
	out.Spent = Spent{Unknown: true}
	if pico, ok := r.Prices.Cost(name, out.Response.Usage); ok {
		out.Spent = Spent{Pico: pico, Table: r.Prices.Version}
	}
	return out, nil
}

// request is the conversation so far: what earlier runs of the thread said, the question, and each call with its result.
func (r *loop) request(s graph.State) (llm.Request, error) {
	question, err := keyQuestion.Get(s)
	if err != nil {
		return llm.Request{}, err
	}
	history, err := keyMessages.Get(s)
	if err != nil {
		return llm.Request{}, err
	}
	observations, err := keyObservations.Get(s)
	if err != nil {
		return llm.Request{}, err
	}
	req := llm.Request{Messages: []llm.Message{{Role: llm.RoleSystem, Text: r.System}}}
	req.Messages = append(req.Messages, history[max(0, len(history)-historyMessages):]...)
	req.Messages = append(req.Messages, llm.Message{Role: llm.RoleUser, Text: question})
	for _, o := range observations {
		req.Messages = append(req.Messages,
			llm.Message{Role: llm.RoleAssistant, Thought: o.Call.Thought, Call: &llm.Call{Tool: o.Call.Tool, Arguments: o.Call.Arguments}},
			llm.Message{Role: llm.RoleTool, Tool: o.Call.Tool, Text: o.Result.Text, Data: o.Result.Data})
	}
	for _, t := range r.Tools {
		req.Tools = append(req.Tools, t.Tool)
	}
	return req, nil
}

// account adds usage and cost. One call without a price makes the sum unknown.
func (r *loop) account(s graph.State, call ModelCall) (writes, error) {
	var w writes
	usage, err := keyUsage.Get(s)
	if err != nil {
		return w, err
	}
	spent, err := keyPico.Get(s)
	if err != nil {
		return w, err
	}
	spent.Pico += call.Spent.Pico
	spent.Unknown = spent.Unknown || call.Spent.Unknown
	spent.Table = call.Spent.Table
	w.add(keyUsage.Set(usage.Add(call.Response.Usage)))
	w.add(keyPico.Set(spent))
	return w, nil
}

// finish settles the answer and remembers the exchange for the thread.
func (r *loop) finish(_ context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	d, err := keyDecision.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	state, err := keyState.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	question, err := keyQuestion.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	var w writes
	if state == "" {
		w.add(keyState.Set(r.stateOf(d.Text)))
	}
	step.Observation = d.Text
	w.add(keyAnswer.Set(d.Text))
	w.add(keyMessages.Add(llm.Message{Role: llm.RoleUser, Text: question}, llm.Message{Role: llm.RoleAssistant, Text: d.Text}))
	return graph.Update{Writes: w.list}, w.err
}

// stateOf reads the not-found phrase. An answer that cites something has found something.
func (r *loop) stateOf(text string) State {
	if r.NotFound != "" && strings.Contains(strings.ToLower(text), strings.ToLower(r.NotFound)) && !strings.Contains(text, "[") {
		return StateNotFound
	}
	return StateAnswered
}
