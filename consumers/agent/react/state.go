package react

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// The keys of the state. All but messages belong to one run and are replaced by the next run of the thread.
const (
	keyRun          = graph.Value[Run]("run")
	keyQuestion     = graph.Value[string]("question")
	keyMessages     = graph.List[llm.Message]("messages")
	keyThoughts     = graph.List[string]("thoughts")
	keyCalls        = graph.List[Call]("tool_calls")
	keyObservations = graph.List[Observation]("observations")
	keyDecision     = graph.Value[Decision]("decision")
	keyIterations   = graph.Value[int]("iterations")
	keyAnswer       = graph.Value[string]("answer")
	keyState        = graph.Value[State]("state")
	keyError        = graph.Value[string]("error")
	keySteps        = graph.List[Step]("steps")
	keyUsage        = graph.Value[llm.Usage]("usage")
	keyPico         = graph.Value[Spent]("cost")
)

// Run is what a run is about, apart from its question.
type Run struct {
	QueryID  string `json:"query_id"`
	ThreadID string `json:"thread_id"`
	TraceID  string `json:"trace_id"`
	// MaxSteps is the most rounds through the thought node.
	MaxSteps int `json:"max_steps"`
}

// Call is a tool call that was decided on.
type Call struct {
	ID        string          `json:"id"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	Thought   string          `json:"thought,omitempty"`
}

// Observation is what a call gave.
type Observation struct {
	Call   Call        `json:"call"`
	Result tool.Result `json:"result"`
	// Failed means that the text says what was wrong.
	Failed bool `json:"failed,omitempty"`
}

// Decision is what the last thought came to: a call, or a final text.
type Decision struct {
	Call *Call  `json:"call,omitempty"`
	Text string `json:"text,omitempty"`
}

// State says how a run ended.
type State string

// The states, as in the answer event.
const (
	StateAnswered State = "answered"
	StateNotFound State = "not_in_knowledge_base"
	StateRejected State = "rejected"
	StateFailed   State = "failed"
)

// Step is one line of the trace.
type Step struct {
	Node    string `json:"node"`
	Thought string `json:"thought,omitempty"`
	Tool    string `json:"tool,omitempty"`
	Input   string `json:"input,omitempty"`
	// Observation of an observation node is filled in by ReadResult.
	Observation string        `json:"observation,omitempty"`
	Started     time.Time     `json:"started"`
	Duration    time.Duration `json:"duration"`
}

// Spent is the cost so far. Unknown means that a call had no price: the sum is then no cost at all.
type Spent struct {
	Pico    int64  `json:"pico"`
	Table   string `json:"table,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
}

// Input returns the writes that begin a run.
func Input(run Run, question string) ([]checkpoint.Write, error) {
	var w writes
	w.add(keyRun.Set(run))
	w.add(keyQuestion.Set(question))
	w.add(keyThoughts.Replace())
	w.add(keyCalls.Replace())
	w.add(keyObservations.Replace())
	w.add(keyDecision.Set(Decision{}))
	w.add(keyIterations.Set(0))
	w.add(keyAnswer.Set(""))
	w.add(keyState.Set(""))
	w.add(keyError.Set(""))
	w.add(keySteps.Replace())
	w.add(keyUsage.Set(llm.Usage{}))
	w.add(keyPico.Set(Spent{}))
	return w.list, w.err
}

// writes collects writes and the first error.
type writes struct {
	list []checkpoint.Write
	err  error
}

func (w *writes) add(one checkpoint.Write, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	w.list = append(w.list, one)
}

// Rerun returns the writes that let a new run go on from a checkpoint of another.
func Rerun(run Run) ([]checkpoint.Write, error) {
	var w writes
	w.add(keyRun.Set(run))
	return w.list, w.err
}

// ReadInput reads what a client of the API has sent: a question, and writes for the other keys.
func ReadInput(raw json.RawMessage) (string, []checkpoint.Write, error) {
	var in struct {
		Question string `json:"question"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", nil, fmt.Errorf("reading the input: %w", err)
	}
	return in.Question, nil, nil
}
