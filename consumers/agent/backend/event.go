package backend

import (
	"encoding/json"
	"strings"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// Began says that the agent works on a run of the store. It returns what the engine is to tell its events, or nil when
// nobody watches.
func (b *Backend) Began(target, threadID string) func(graph.Event) {
	b.hub.begin(target)
	if !b.hub.watched(target) {
		return nil
	}
	thread := strings.TrimPrefix(threadID, b.Tenant)
	state := graph.State{}
	return func(e graph.Event) {
		if e.State != nil {
			state = e.State
		}
		b.hub.add(target, event(thread, e, state), state)
	}
}

// Stopped says that the agent no longer works on a run: it has ended, failed, or waits for an answer.
// Not when it goes on in another process: see Sweep.
func (b *Backend) Stopped(target string, err error) {
	var failed *api.RunFailure
	if err != nil {
		failed = failure(err.Error())
	}
	b.hub.close(target, failed)
}

// Watched says whether somebody wants the events of a run.
func (b *Backend) Watched(target string) bool { return b.hub.watched(target) }

// Say hands on a piece of a message, in LangChain's JSON. It belongs to the task that has begun last.
func (b *Backend) Say(target string, piece json.RawMessage) {
	b.hub.add(target, api.Event{At: b.stamp(), Message: &api.Message{Chunk: piece}}, nil)
}

func event(thread string, e graph.Event, state graph.State) api.Event {
	out := api.Event{At: e.At}
	if e.Checkpoint != nil {
		out.Step = e.Checkpoint.Step
	}
	switch e.Kind {
	case graph.EventCheckpoint, graph.EventInterrupt:
		s := snapshot(thread, graph.Snapshot{Checkpoint: *e.Checkpoint, Values: e.State, Tasks: e.Tasks})
		out.Checkpoint = &s
	case graph.EventTask:
		t := task(*e.Task, state)
		out.Started, out.Step = &t, out.Step+1
	case graph.EventTaskResult:
		t := task(*e.Task, state)
		out.Finished, out.Step = &t, out.Step+1
	case graph.EventCustom:
		raw, err := json.Marshal(e.Data)
		if err != nil {
			raw = quote(err.Error())
		}
		out.Custom, out.Step = raw, out.Step+1
	}
	return out
}
