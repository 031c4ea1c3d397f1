package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
)

// scripted is a backend whose runs do what the script says.
type scripted struct {
	nothing
	events []api.Event
	err    error
}

func (scripted) CreateThread(context.Context, api.Thread) error { return nil }
func (scripted) DeleteThread(context.Context, string) error     { return nil }
func (scripted) Start(_ context.Context, s api.Start) (api.Run, error) {
	return s.Run, nil
}

func (s scripted) Events(context.Context, string) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		for _, e := range s.events {
			if !yield(e, nil) {
				return
			}
		}
		if s.err != nil {
			yield(api.Event{}, s.err)
		}
	}
}

// play streams a script in some modes and returns the frames without their ids.
func play(t *testing.T, modes string, s scripted) []string {
	t.Helper()
	h, err := api.New(config(), api.Deps{Graphs: []api.Graph{served()}, Backend: s, Logger: discard()})
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	r := call(t, "POST", server.URL+"/runs/stream", `{"assistant_id":"agent","input":{},"stream_mode":`+modes+`}`)
	require.Equal(t, http.StatusOK, r.Status, r.Body)
	var out []string
	for _, f := range strings.Split(r.Body, "\n\n")[1:] {
		event, rest, _ := strings.Cut(strings.TrimPrefix(f, "event: "), "\n")
		data, _, _ := strings.Cut(strings.TrimPrefix(rest, "data: "), "\n")
		out = append(out, event+" "+data)
	}
	return out
}

func piece(id, text string) api.Event {
	return api.Event{Step: 1, Message: &api.Message{
		Chunk:    json.RawMessage(`{"id":"` + id + `","type":"AIMessageChunk","content":"` + text + `"}`),
		Metadata: map[string]json.RawMessage{"ls_model_name": json.RawMessage(`"m"`)},
	}}
}

func started(name string) api.Event {
	return api.Event{Step: 1, Started: &api.Task{ID: name + "-id", Name: name, Path: []any{"__pregel_pull", name}, Triggers: []string{"branch:to:" + name}}}
}

func finished(name string, result ...api.KeyValue) api.Event {
	return api.Event{Step: 1, Finished: &api.Task{ID: name + "-id", Name: name, Done: true, Result: result}}
}

func at(id string, values string, next ...string) api.Event {
	var v map[string]json.RawMessage
	_ = json.Unmarshal([]byte(values), &v)
	return api.Event{Checkpoint: &api.Snapshot{ThreadID: "t", CheckpointID: id, Values: v, Next: next, Source: "loop"}}
}

const whole = `{"content":"Hello","id":"m1","type":"ai"}`

func TestTokensAreSentOnceAndWhole(t *testing.T) {
	t.Parallel()
	script := scripted{events: []api.Event{
		at("c0", `{}`, "thought"), started("thought"), piece("m1", "Hel"), piece("m1", "lo"),
		finished("thought", api.KeyValue{Key: "messages", Value: json.RawMessage(`[` + whole + `]`)}),
	}}
	frames := play(t, `["messages-tuple"]`, script)
	require.Len(t, frames, 2, "the whole message does not come again")
	require.Contains(t, frames[0], `messages [{"id":"m1","type":"AIMessageChunk","content":"Hel"},{`)
	require.Contains(t, frames[0], `"langgraph_node":"thought"`)
	require.Contains(t, frames[0], `"ls_model_name":"m"`)
	require.Contains(t, frames[1], `"content":"lo"`)

	frames = play(t, `["messages"]`, script)
	require.Len(t, frames, 4)
	require.Contains(t, frames[0], `messages/metadata {"m1":{"metadata":{`)
	require.Equal(t, `messages/partial [{"content":"Hel","id":"m1","type":"AIMessageChunk"}]`, frames[1])
	require.Equal(t, `messages/partial [{"content":"Hello","id":"m1","type":"AIMessageChunk"}]`, frames[2])
	require.Equal(t, `messages/complete [`+whole+`]`, frames[3])
}

func TestMessagesThatWereThereAreNotSent(t *testing.T) {
	t.Parallel()
	begun := started("thought")
	begun.Started.Input = map[string]json.RawMessage{"messages": json.RawMessage(`[{"content":"hi","id":"h1","type":"human"}]`)}
	frames := play(t, `["messages-tuple"]`, scripted{events: []api.Event{
		begun, finished("thought",
			api.KeyValue{Key: "messages", Value: json.RawMessage(`[{"content":"hi","id":"h1","type":"human"},` + whole + `]`)},
			api.KeyValue{Key: "note", Value: json.RawMessage(`{"id":"n1","text":"no message"}`)}),
	}})
	require.Len(t, frames, 1)
	require.Contains(t, frames[0], whole)
}

func TestParallelTasksAreToldOneByOne(t *testing.T) {
	t.Parallel()
	asks := api.Event{Step: 1, Finished: &api.Task{ID: "b-id", Name: "b", Interrupts: []api.Pending{{ID: "i1", Value: json.RawMessage(`"sure?"`)}}}}
	frames := play(t, `["updates","values"]`, scripted{events: []api.Event{
		at("c0", `{"n":1}`, "a", "b"), started("a"), started("b"), finished("a", api.KeyValue{Key: "n", Value: json.RawMessage(`2`)}), asks, finished("c"),
		at("c0", `{"n":1}`, "a", "b"), // the run has stopped
	}})
	require.Equal(t, []string{
		`values {"n":1}`, `updates {"a":{"n":2}}`, `updates {"__interrupt__":[{"id":"i1","value":"sure?"}]}`,
		`values {"__interrupt__":[{"id":"i1","value":"sure?"}],"n":1}`, `updates {"c":null}`,
	}, frames)
}

func TestARunThatWasToldToStopSaysSo(t *testing.T) {
	t.Parallel()
	frames := play(t, `["updates"]`, scripted{events: []api.Event{at("c0", `{}`, "a"), at("c0", `{}`, "a")}})
	require.Equal(t, []string{`updates {"__interrupt__":[]}`}, frames)
}

func TestWhatWasNotAskedForDoesNotCome(t *testing.T) {
	t.Parallel()
	frames := play(t, `["custom","events","tools"]`, scripted{events: []api.Event{
		at("c0", `{"n":1}`, "a"), started("a"), {Custom: json.RawMessage(`{"p":1}`)}, finished("a"), at("c1", `{"n":2}`),
	}})
	require.Equal(t, []string{`custom {"p":1}`}, frames)
}

func TestABrokenStreamIsNoFailedRun(t *testing.T) {
	t.Parallel()
	frames := play(t, `["values"]`, scripted{events: []api.Event{at("c0", `{}`, "a")}, err: errors.New("the disk is gone")})
	require.Len(t, frames, 2)
	require.Contains(t, frames[1], `error {"error":"StreamError"`)
	require.NotContains(t, frames[1], "disk", "the server's own troubles stay in its log")
}

func TestAFailedRunEndsWithItsError(t *testing.T) {
	t.Parallel()
	failed := api.Event{Step: 1, Finished: &api.Task{ID: "a-id", Name: "a", Error: "boom"}}
	frames := play(t, `["updates","tasks"]`, scripted{events: []api.Event{
		started("a"), failed, {Failed: &api.RunFailure{Error: "Error", Message: "boom"}},
	}})
	require.Len(t, frames, 3)
	require.Equal(t, `tasks {"id":"a-id","name":"a","error":"boom","result":{},"interrupts":[]}`, frames[1])
	require.Equal(t, `error {"error":"Error","message":"boom"}`, frames[2])
}
