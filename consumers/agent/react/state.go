package react

import (
	"encoding/json"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

// The keys of the state. All but messages belong to one run and are replaced by the next run of the thread.
// What a message says stands in messages only: tool_calls and observations are ids of calls and of tools' messages.
const (
	keyRun          = graph.Value[Run]("run")
	keyMaxSteps     = graph.Value[int]("max_steps")
	keyThoughts     = graph.List[Thought]("thoughts")
	keyCalls        = graph.List[string]("tool_calls")
	keyObservations = graph.List[string]("observations")
	keyApproved     = graph.List[string]("approved")
	keyMalformed    = graph.Value[int]("malformed")
	keyIterations   = graph.Value[int]("iterations")
	keyAnswer       = graph.Value[string]("answer")
	keyState        = graph.Value[State]("state")
	keyError        = graph.Value[string]("error")
	keySteps        = graph.List[stepRecord]("steps")
	keyPrompt       = graph.Value[llm.Prompt]("prompt")
	keyUsage        = graph.Value[llm.Usage]("usage")
	keyCost         = graph.Value[Spent]("cost")
)

var keyMessages = message.NewKey("messages")

// defaultSteps is max_steps where an input does not say.
const defaultSteps = 10

// Run is what a run is about, apart from its question.
type Run struct {
	QueryID  string `json:"query_id"`
	ThreadID string `json:"thread_id"`
	TraceID  string `json:"trace_id"`
	// Model is the name of the model that the run began with, where there are several. The loop sets it.
	Model string `json:"model,omitempty"`
	// SelfTrained says that it was trained by this system.
	SelfTrained bool `json:"self_trained,omitempty"`
	// MaxSteps is the most rounds through the thought node. It has a key of its own in the state.
	MaxSteps int `json:"-"`
}

// Thought is what the model said that it was thinking, by the message of its calls or its answer.
type Thought struct {
	Message string `json:"message"`
	Text    string `json:"text"`
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

// Spent is the cost so far. Unknown means that a call had no price: the sum is then no cost at all.
type Spent struct {
	Pico    int64  `json:"pico"`
	Table   string `json:"table,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
}

// AnswerID is the id of the message that a run ends with, also while it is streamed.
func AnswerID(runID string) string { return event.DeriveID(runID, "answer", 0) }

func callsID(runID string, round int) string { return event.DeriveID(runID, "thought", round) }

// Input returns the writes that begin a run. An empty question means that the messages come with other writes.
func Input(run Run, question string) ([]checkpoint.Write, error) {
	var w writes
	w.add(keyRun.Set(run))
	w.add(keyMaxSteps.Set(run.MaxSteps))
	if question != "" {
		w.add(keyMessages.Add(message.Message{
			Type: message.Human, Content: message.Text(question), ID: event.DeriveID(run.QueryID, "question", 0),
		}))
	}
	w.add(keyThoughts.Replace())
	w.add(keyCalls.Replace())
	w.add(keyObservations.Replace())
	w.add(keyApproved.Replace())
	w.add(keyMalformed.Set(0))
	w.add(keyIterations.Set(0))
	w.add(keyAnswer.Set(""))
	w.add(keyState.Set(""))
	w.add(keyError.Set(""))
	w.add(keySteps.Replace())
	w.add(keyPrompt.Set(llm.Prompt{}))
	w.add(keyUsage.Set(llm.Usage{}))
	w.add(keyCost.Set(Spent{}))
	return w.list, w.err
}

// Rerun returns the writes that let a new run go on from a checkpoint of another. What was approved there is not approved here.
func Rerun(run Run) ([]checkpoint.Write, error) {
	var w writes
	w.add(keyRun.Set(run))
	w.add(keyApproved.Replace())
	return w.list, w.err
}

// ProtectedKeys are those that a client must not write: what the loop knows, decides and counts by itself.
// A client may write the conversation, an answer, and how many steps a run may take.
func ProtectedKeys() []string {
	return []string{
		string(keyRun), string(keyThoughts), string(keyCalls), string(keyObservations), string(keyApproved),
		string(keyMalformed), string(keyIterations), string(keyState), string(keyError), string(keySteps), string(keyPrompt),
		string(keyUsage), string(keyCost),
	}
}

// ReadInput reads what a client of the API has sent: the question, which is the last that a human says, and the messages
// as writes. Other keys than messages and question are left to the run, as LangGraph leaves those that are no input.
// Its error is a graph.ErrState.
func ReadInput(raw json.RawMessage) (string, []checkpoint.Write, error) {
	var in struct {
		Messages json.RawMessage `json:"messages"`
		Question json.RawMessage `json:"question"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", nil, fmt.Errorf("%w: reading the input: %w", graph.ErrState, err)
	}
	var list []message.Message
	for _, part := range []json.RawMessage{in.Messages, in.Question} {
		more, err := message.Read(part)
		if err != nil {
			return "", nil, fmt.Errorf("%w: reading the input: %w", graph.ErrState, err)
		}
		list = append(list, more...)
	}
	for i := len(list) - 1; i >= 0; i-- {
		if text := list[i].Content.String(); list[i].Type == message.Human && text != "" {
			w, err := keyMessages.Add(list...)
			return text, []checkpoint.Write{w}, err
		}
	}
	return "", nil, fmt.Errorf(`%w: the input has no question: send {"messages":[{"role":"user","content":"..."}]}`, graph.ErrState)
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
