package react

import (
	"context"
	"errors"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/price"
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

// ErrMalformed means that the model gave nothing but nonsense: no call that can be read, and no answer.
var ErrMalformed = errors.New("the model's answers make no sense")

// Deps is what the loop works with.
type Deps struct {
	Config
	Model llm.Model
	// Tools are those of the moment: servers may add and remove theirs.
	Tools  func() []tool.Tool
	Prices *price.Table
	// System is the system prompt.
	System domain.Prompt
	// NotFound is the phrase that says that the knowledge base does not answer.
	NotFound string
	// Reviews makes sensitive tools wait for a person.
	Reviews bool
	// Receipt finds the receipt of a call.
	Receipt func(ctx context.Context, callID string) (checkpoint.Receipt, error)
	// Commit stores the intent of a call right before it is made, where only a person can say what became of it after a crash.
	// Nil means that these intents are stored with the super-step before, like those of other calls: then a person is asked,
	// too, when the process ends in between.
	Commit func(ctx context.Context, c checkpoint.Commit) error
	// Stream is given the pieces of the final answer as they are written. It may be nil.
	Stream func(ctx context.Context, runID, piece string)
	Now    func() time.Time
}

type loop struct{ Deps }

// New returns the graph.
func New(d Deps) *graph.Graph {
	if d.MaxMalformed == 0 {
		d.MaxMalformed = 3
	}
	if d.Limits.Timeout == 0 {
		d.Limits.Timeout = time.Minute
	}
	if d.Limits.ResultBytes == 0 {
		d.Limits.ResultBytes = 256 << 10
	}
	r := &loop{d}
	g := graph.New(keyRun, keyMaxSteps, keyMessages, keyThoughts, keyCalls, keyObservations, keyApproved, keyMalformed,
		keyIterations, keyAnswer, keyState, keyError, keySteps, keyPrompt, keyUsage, keyCost).Protect(ProtectedKeys()...)
	// In the order in which a run comes by them, which pictures show.
	for _, n := range []struct {
		name    string
		fn      nodeFunc
		options []graph.NodeOption
	}{
		{NodeThought, r.thought, nil},
		{NodeSelector, r.selectAction, []graph.NodeOption{graph.Destinations(NodeTool, NodeReview, NodeObserve, NodeFinal)}},
		{NodeReview, r.humanReview, []graph.NodeOption{graph.Destinations(NodeTool, NodeObserve, NodeFinal)}},
		{NodeTool, r.execute, nil},
		{NodeObserve, r.observation, nil},
		{NodeFinal, r.finish, nil},
	} {
		g.Node(n.name, r.traced(n.name, n.fn), n.options...)
	}
	return g.Edge(graph.Start, NodeThought).
		Edge(NodeThought, NodeSelector).
		Edge(NodeTool, NodeObserve).
		Edge(NodeObserve, NodeThought).
		Edge(NodeFinal, graph.End)
}

// nodeFunc is a node that fills in its line of the trace.
type nodeFunc func(ctx context.Context, t *graph.Task, step *stepRecord) (graph.Update, error)

func (r *loop) traced(name string, fn nodeFunc) graph.NodeFunc {
	return func(ctx context.Context, t *graph.Task) (graph.Update, error) {
		started := r.Now()
		step := stepRecord{Node: name, Started: started.UnixMicro()}
		u, err := fn(ctx, t, &step)
		if err != nil {
			return u, err
		}
		step.Micros = r.Now().Sub(started).Microseconds()
		w, err := keySteps.Add(step)
		u.Writes = append(u.Writes, w)
		return u, err
	}
}
