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
		b.hub.add(target, event(thread, e, state))
	}
}

// Stopped says that the agent no longer works on a run: it has ended, failed, or waits for an answer.
func (b *Backend) Stopped(target string, err error) { b.hub.close(target, err) }

// Say hands on a piece of a message, or a whole one, in LangChain's JSON.
func (b *Backend) Say(target string, task *graph.TaskInfo, message json.RawMessage) {
	if !b.hub.watched(target) {
		return
	}
	m := &api.Message{Chunk: message}
	if task != nil {
		shown := taskOf(*task, nil)
		m.Task = &shown
	}
	b.hub.add(target, api.Event{At: b.stamp(), Message: m})
}

func taskOf(t graph.TaskInfo, state graph.State) api.Task { return task(t, state) }

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
