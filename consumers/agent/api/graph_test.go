package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// The graph of testdata/oracle once more: the shape of a ReAct loop whose tool waits for a person.

type message map[string]any

const (
	keyDecision = graph.Value[json.RawMessage]("human_decision")
	keyMode     = graph.Value[string]("mode")
)

func keyMessages() graph.Reduced[[]message] {
	return graph.Reduced[[]message]{Key: "messages", Reduce: addMessages}
}

func keySteps() graph.Reduced[int] {
	return graph.Reduced[int]{Key: "step_count", Reduce: func(old, update int) (int, error) { return old + update, nil }}
}

// addMessages replaces by id, or appends.
func addMessages(old, update []message) ([]message, error) {
	for _, m := range update {
		if m["id"] == nil {
			m["id"] = uuid.NewString()
		}
		at := len(old)
		for i := range old {
			if old[i]["id"] == m["id"] {
				at = i
			}
		}
		old = append(old[:at:at], append([]message{m}, old[min(at+1, len(old)):]...)...)
	}
	return old, nil
}

var errModel = errors.New("the model is out")

func thought(ctx context.Context, t *graph.Task) (graph.Update, error) {
	mode, err := keyMode.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	switch mode {
	case "sleep":
		<-ctx.Done()
		return graph.Update{}, ctx.Err()
	case "fail":
		return graph.Update{}, errModel
	}
	t.Emit(map[string]bool{"thinking": true})
	said, err := keyMessages().Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	done := string(t.State["human_decision"]) == `"rejected"`
	for _, m := range said {
		done = done || m["type"] == "tool"
	}
	if done {
		return writes(message{"content": "done", "id": "a2", "type": "ai", "tool_calls": []any{}}, 1)
	}
	call := message{"id": "c1", "name": "search", "args": message{"q": "x"}, "type": "tool_call"}
	return writes(message{"content": "", "id": "a1", "type": "ai", "tool_calls": []any{call}}, 1)
}

func writes(m message, steps int) (graph.Update, error) {
	said, err := keyMessages().Update([]message{m})
	if err != nil || steps == 0 {
		return graph.Update{Writes: []checkpoint.Write{said}}, err
	}
	counted, err := keySteps().Update(steps)
	return graph.Update{Writes: []checkpoint.Write{said, counted}}, err
}

func humanReview(_ context.Context, t *graph.Task) (graph.Update, error) {
	answer, err := t.Interrupt(message{"action": "search", "args": message{"q": "x"}})
	if err != nil {
		return graph.Update{}, err
	}
	w, err := keyDecision.Set(answer)
	return graph.Update{Writes: []checkpoint.Write{w}}, err
}

func toolExecutor(context.Context, *graph.Task) (graph.Update, error) {
	return writes(message{"content": "obs", "tool_call_id": "c1", "name": "search", "id": "t1", "type": "tool"}, 0)
}

func testGraph() *graph.Graph {
	afterThought := func(s graph.State) ([]string, error) {
		said, err := keyMessages().Get(s)
		if err != nil || len(said) == 0 {
			return []string{"final"}, err
		}
		if calls, ok := said[len(said)-1]["tool_calls"].([]any); ok && len(calls) > 0 {
			return []string{"human_review"}, nil
		}
		return []string{"final"}, nil
	}
	afterReview := func(s graph.State) ([]string, error) {
		if string(s["human_decision"]) == `"approved"` {
			return []string{"approved"}, nil
		}
		return []string{"rejected"}, nil
	}
	return graph.New(keyMessages(), keySteps(), keyDecision, keyMode).
		Node("thought", thought).Node("human_review", humanReview).Node("tool_executor", toolExecutor).
		Edge(graph.Start, "thought").
		LabeledBranch("thought", afterThought, map[string]string{"human_review": "human_review", "final": graph.End}).
		LabeledBranch("human_review", afterReview, map[string]string{"approved": "tool_executor", "rejected": "thought"}).
		Edge("tool_executor", "thought")
}

// served is how the graph is shown.
func served() api.Graph {
	return api.Graph{
		ID: "agent", Description: "", Nodes: []string{"__start__", "thought", "human_review", "tool_executor", "__end__"},
		Edges: []api.Edge{
			{From: "__start__", To: "thought"},
			{From: "human_review", To: "thought", Label: "rejected", Conditional: true},
			{From: "human_review", To: "tool_executor", Label: "approved", Conditional: true},
			{From: "thought", To: "__end__", Label: "final", Conditional: true},
			{From: "thought", To: "human_review", Label: "human_review", Conditional: true},
			{From: "tool_executor", To: "thought"},
		},
		State: json.RawMessage(`{"type":"object","properties":{"messages":{"type":"array"},"step_count":{"type":"integer"}}}`),
	}
}

// readInput takes an object whose members are keys of the graph; others are left out, as LangGraph does.
func readInput(g *graph.Graph, raw json.RawMessage) ([]checkpoint.Write, error) {
	var input map[string]json.RawMessage
	if err := json.Unmarshal(raw, &input); err != nil {
		return nil, fmt.Errorf("%w: the input is no object", graph.ErrState)
	}
	var out []checkpoint.Write
	for key, value := range input {
		w, err := g.Write(key, value)
		if errors.Is(err, graph.ErrUnknownKey) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}
