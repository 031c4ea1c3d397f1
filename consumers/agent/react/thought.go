package react

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

const nothingSaid = "Your message is empty. Call a tool or write the answer."

// thought asks the model what to do next. What it wants is a message; an answer is left to the last node.
func (r *loop) thought(ctx context.Context, t *graph.Task, _ *stepRecord) (graph.Update, error) {
	round, err := keyIterations.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	nonsense, err := keyMalformed.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	if nonsense >= r.MaxMalformed {
		return graph.Update{}, fmt.Errorf("%w: %d in a row, the last one: %s", ErrMalformed, nonsense, r.lastSaid(t.State))
	}
	if u, over, err := r.overLimit(t.State, round); over || err != nil {
		return u, err
	}
	m, chosen, err := r.model(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	call, err := r.ask(ctx, t, m)
	if err != nil {
		return graph.Update{}, err
	}
	w, err := r.account(t.State, call)
	if err != nil {
		return graph.Update{}, err
	}
	if chosen != nil {
		w.add(keyRun.Set(*chosen))
	}
	w.add(keyIterations.Set(round + 1))
	var change []message.Message
	if round == 0 {
		if change, err = stale(t.State); err != nil {
			return graph.Update{}, err
		}
	}
	said := AnswerID(t.RunID)
	now := 0
	if list := call.Response.Calls; len(list) > 0 {
		m := r.wanted(t, round, list)
		said = m.ID
		if len(m.ToolCalls) == 0 {
			now = nonsense + 1
		}
		change = append(change, m)
	} else {
		w.add(keyAnswer.Set(call.Response.Text))
	}
	if len(change) > 0 {
		w.add(keyMessages.Add(change...))
	}
	if now != nonsense {
		w.add(keyMalformed.Set(now))
	}
	w.add(keyThoughts.Add(Thought{Message: said, Text: call.Response.Thought}))
	return graph.Update{Writes: w.list, Notes: []any{call}}, w.err
}

// overLimit ends a run that has thought often enough.
func (r *loop) overLimit(s graph.State, round int) (graph.Update, bool, error) {
	most, err := keyMaxSteps.Get(s)
	if err != nil {
		return graph.Update{}, false, err
	}
	if most <= 0 {
		most = defaultSteps
	}
	if round < most {
		return graph.Update{}, false, nil
	}
	var w writes
	w.add(keyState.Set(StateFailed))
	w.add(keyError.Set(fmt.Sprintf("step limit of %d reached", most)))
	w.add(keyAnswer.Set(fmt.Sprintf("No answer: the limit of %d steps was reached.", most)))
	return graph.Update{Writes: w.list, Goto: []string{NodeFinal}}, true, w.err
}

// lastSaid is what the model last came to, for an error.
func (r *loop) lastSaid(s graph.State) string {
	list, err := keyThoughts.Get(s)
	if err != nil || len(list) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%q", llm.Clip(list[len(list)-1].Text, 200))
}

// wanted is the message of the calls that the model wants. An id that the thread has seen, or that is missing, is made anew:
// some servers count from 0 in every message.
func (r *loop) wanted(t *graph.Task, round int, list []llm.Call) message.Message {
	seen := map[string]bool{}
	out := message.Message{Type: message.AI, ID: callsID(t.RunID, round)}
	for i, c := range list {
		id := c.ID
		if id == "" || seen[id] || keyMessages.Mentions(t.State, id) {
			id = event.DeriveID(out.ID, "call", i)
		}
		seen[id] = true
		if c.Invalid != "" {
			var raw string
			_ = json.Unmarshal(c.Arguments, &raw) // what was written, if anything was
			out.InvalidToolCalls = append(out.InvalidToolCalls, message.InvalidToolCall{ID: id, Name: c.Tool, Args: raw, Error: c.Invalid})
			continue
		}
		out.ToolCalls = append(out.ToolCalls, message.ToolCall{ID: id, Name: c.Tool, Args: c.Arguments})
	}
	return out
}

// model returns the model of the run. Where there are several, the first thought chooses one, and the run comes back to be
// stored with its name: another promotion, or a crash after this step, does not change it.
func (r *loop) model(s graph.State) (llm.Model, *Run, error) {
	several, ok := r.Model.(llm.Chooser)
	if !ok {
		return r.Model, nil, nil
	}
	run, err := keyRun.Get(s)
	if err != nil {
		return nil, nil, err
	}
	if run.Model != "" {
		return several.Named(run.Model), nil, nil
	}
	m := several.Choose()
	run.Model, run.SelfTrained = m.Name(), llm.SelfTrained(m)
	return m, &run, nil
}

func (r *loop) ask(ctx context.Context, t *graph.Task, m llm.Model) (ModelCall, error) {
	req, err := r.request(t.State)
	if err != nil {
		return ModelCall{}, err
	}
	out := ModelCall{Model: m.Name(), Request: req, Started: r.Now()}
	var onToken func(string)
	if r.Stream != nil {
		onToken = func(piece string) {
			t.Heartbeat()
			r.Stream(ctx, t.RunID, piece)
		}
	}
	out.Response, err = m.Generate(ctx, req, onToken)
	out.Ended = r.Now()
	if err != nil {
		return out, fmt.Errorf("asking model %s: %w", m.Name(), err)
	}
	if len(out.Response.Calls) == 0 && strings.TrimSpace(out.Response.Text) == "" {
		out.Response.Calls = []llm.Call{{Invalid: nothingSaid}}
	}
	out.Prompt = r.prompt(out.Response.Prompt)
	name := out.Response.Model
	if name == "" {
		name = m.Name()
	}
	out.Spent = Spent{Unknown: true}
	if pico, ok := r.Prices.Cost(name, out.Response.Usage); ok {
		out.Spent = Spent{Pico: pico, Table: r.Prices.Version}
	}
	return out, nil
}

// prompt names what the model was told: the prompt on tools, if there was one, and the system prompt.
func (r *loop) prompt(tools llm.Prompt) llm.Prompt {
	system := llm.Prompt{Name: "system", Version: "system-" + r.System.Version}
	if tools.Name == "" {
		return system
	}
	return llm.Prompt{Name: tools.Name, Version: tools.Name + "-" + tools.Version + "." + system.Version}
}

// account adds usage and cost. One call without a price makes the sum unknown.
func (r *loop) account(s graph.State, call ModelCall) (writes, error) {
	var w writes
	usage, err := keyUsage.Get(s)
	if err != nil {
		return w, err
	}
	spent, err := keyCost.Get(s)
	if err != nil {
		return w, err
	}
	prompt, err := keyPrompt.Get(s)
	if err != nil {
		return w, err
	}
	if prompt != call.Prompt {
		w.add(keyPrompt.Set(call.Prompt))
	}
	spent.Pico += call.Spent.Pico
	spent.Unknown = spent.Unknown || call.Spent.Unknown
	spent.Table = call.Spent.Table
	w.add(keyUsage.Set(usage.Add(call.Response.Usage)))
	w.add(keyCost.Set(spent))
	return w, nil
}
