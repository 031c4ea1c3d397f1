package react

import (
	"context"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
)

// finish settles the answer and says it to the thread.
func (r *loop) finish(_ context.Context, t *graph.Task, _ *stepRecord) (graph.Update, error) {
	answer, err := keyAnswer.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	state, err := keyState.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	var w writes
	if answer == "" { // a client has put an answer into the thought's place
		c, err := latest(t.State)
		if err != nil {
			return graph.Update{}, err
		}
		answer = c.lastText()
		w.add(keyAnswer.Set(answer))
	} else {
		w.add(keyMessages.Add(message.Message{Type: message.AI, Content: message.Text(answer), ID: AnswerID(t.RunID)}))
	}
	if state == "" {
		w.add(keyState.Set(r.stateOf(answer)))
	}
	return graph.Update{Writes: w.list}, w.err
}

// stateOf reads the not-found phrase. An answer that cites something has found something.
func (r *loop) stateOf(text string) State {
	if r.NotFound != "" && strings.Contains(strings.ToLower(text), strings.ToLower(r.NotFound)) && !strings.Contains(text, "[") {
		return StateNotFound
	}
	return StateAnswered
}
