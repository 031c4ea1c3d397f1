package threads

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Event is something that a run did. Exactly one of the pointers is set.
type Event struct {
	// At is when it happened, by the server's clock.
	At time.Time
	// Run is the first event.
	Run *Run
	// Started and Finished are tasks of a super-step.
	Started, Finished *Task
	// Checkpoint was stored.
	Checkpoint *State
	// Failed is the end of a run that failed.
	Failed *Failure
}

// Run is one execution of the graph.
type Run struct {
	ID string `json:"run_id"`
}

// Failure is why a run failed.
type Failure struct {
	Kind    string `json:"error"`
	Message string `json:"message"`
}

// Replay runs a thread on from a checkpoint and yields what happens, until the run ends or stops at a question.
// A run outlives whoever watches it.
func (c *Client) Replay(ctx context.Context, thread, graph, checkpoint string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		resp, err := c.send(ctx, http.MethodPost, "/threads/"+url.PathEscape(thread)+"/runs/stream", map[string]any{
			"assistant_id": graph, "input": nil, "checkpoint_id": checkpoint,
			"stream_mode": []string{"debug"}, "on_disconnect": "continue",
		})
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer resp.Body.Close()
		for event, err := range events(resp.Body) {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// events reads server-sent events. Those that say nothing of a run's progress are left out.
func events(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for name, data := range frames(r, func(err error) { yield(Event{}, err) }) {
			event, err := read(name, []byte(data))
			if err != nil {
				yield(Event{}, err)
				return
			}
			if event != (Event{}) && !yield(event, nil) {
				return
			}
		}
	}
}

// frames yields the name and the data of each event. What breaks is told once, at the end.
func frames(r io.Reader, broken func(error)) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		lines := bufio.NewReader(r) // not a Scanner: a line holds a whole state
		var name, data string
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				if !errors.Is(err, io.EOF) {
					broken(fmt.Errorf("%w: %w", ErrBroken, err))
				}
				return
			}
			switch field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); field {
			case "event":
				name = strings.TrimPrefix(value, " ")
			case "data":
				data += strings.TrimPrefix(value, " ")
			case "":
				if value == "" && name != "" && !yield(name, data) { // a comment has a value
					return
				}
				if value == "" {
					name, data = "", ""
				}
			}
		}
	}
}

// read makes an event of a frame. The mode debug is all that happens, with its time.
func read(name string, data []byte) (e Event, err error) {
	switch name {
	case "metadata":
		e.Run = new(Run)
		err = json.Unmarshal(data, e.Run)
	case "error":
		e.Failed = new(Failure)
		err = json.Unmarshal(data, e.Failed)
		if e.Failed.Kind == "StreamError" { // not the run, but what was told of it
			return Event{}, ErrBroken
		}
	case "debug":
		var d struct {
			Type    string          `json:"type"`
			At      time.Time       `json:"timestamp"`
			Payload json.RawMessage `json:"payload"`
		}
		if err = json.Unmarshal(data, &d); err == nil {
			e.At = d.At
			err = e.debug(d.Type, d.Payload)
		}
	}
	if err != nil {
		return e, fmt.Errorf("reading the stream's %s: %w", name, err)
	}
	return e, nil
}

func (e *Event) debug(kind string, payload json.RawMessage) error {
	switch kind {
	case "task":
		e.Started = new(Task)
		return json.Unmarshal(payload, e.Started)
	case "task_result":
		e.Finished = new(Task)
		return json.Unmarshal(payload, e.Finished)
	case "checkpoint":
		e.Checkpoint = new(State)
		return json.Unmarshal(payload, e.Checkpoint)
	}
	return nil
}
