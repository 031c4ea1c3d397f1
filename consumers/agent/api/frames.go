package api

import (
	"encoding/json"
	"strconv"
)

// The stream modes.
const (
	modeValues      = "values"
	modeUpdates     = "updates"
	modeMessages    = "messages"
	modeTuple       = "messages-tuple"
	modeTasks       = "tasks"
	modeCheckpoints = "checkpoints"
	modeDebug       = "debug"
	modeCustom      = "custom"
)

// streamModes are those that a client may ask for. Nothing comes of the last two: they are LangChain's own callbacks.
func streamModes() []string {
	return []string{modeValues, modeUpdates, modeMessages, modeTuple, modeTasks, modeCheckpoints, modeDebug, modeCustom, "events", "tools"}
}

// frame is one server-sent event.
type frame struct {
	ID    int
	Event string
	Mode  string // what it was asked for with; "" for those that everybody gets
	Data  any
}

// framer turns the events of a run into frames. It is a pure function of the events from the first:
// so a frame has the same id each time, and a client may join where it left off.
type framer struct {
	run   Run
	modes map[string]bool
	next  int
	out   []frame

	last   *Snapshot       // the newest checkpoint
	step   bool            // whether a task has ended since it came
	task   *Task           // the task that began last
	seen   map[string]bool // messages that were sent, or were there before
	pieces map[string]object
}

func newFramer(run Run, assistantID string) *framer {
	var k kwargs
	_ = json.Unmarshal(run.Kwargs, &k) // a run that came another way has none
	if len(k.StreamMode) == 0 {
		k.StreamMode = []string{modeValues}
	}
	run.AssistantID = assistantID
	f := &framer{run: run, modes: map[string]bool{}, seen: map[string]bool{}, pieces: map[string]object{}}
	for _, mode := range k.StreamMode {
		f.modes[mode] = true
	}
	return f
}

// begin is the first frame of every stream.
func (f *framer) begin() []frame {
	f.put("", "metadata", map[string]any{"run_id": f.run.ID, "attempt": 1})
	return f.take()
}

// frames returns what an event becomes.
func (f *framer) frames(e Event) []frame {
	switch {
	case e.Checkpoint != nil:
		f.checkpoint(e)
	case e.Started != nil:
		f.task = e.Started
		f.noteMessages(e.Started.Input)
		view := f.startedView(*e.Started)
		f.put(modeTasks, modeTasks, view)
		f.debug(e, "task", view)
	case e.Finished != nil:
		f.finished(e)
	case e.Message != nil:
		f.message(e)
	case e.Custom != nil:
		f.put(modeCustom, modeCustom, e.Custom)
	case e.Failed != nil:
		f.put("", "error", e.Failed)
	}
	return f.take()
}

func (f *framer) put(mode, event string, data any) {
	if mode != "" && !f.modes[mode] {
		return
	}
	f.out = append(f.out, frame{ID: f.next, Event: event, Mode: mode, Data: data})
	f.next++
}

func (f *framer) take() []frame {
	out := f.out
	f.out = nil
	return out
}

// checkpoint tells a new checkpoint. One that comes again says that the run has stopped there; when no task has asked anything
// since, it was told to stop, and LangGraph shows that as a list of no interrupts.
func (f *framer) checkpoint(e Event) {
	s := e.Checkpoint
	if f.last != nil && f.last.CheckpointID == s.CheckpointID {
		if !f.step {
			f.put(modeUpdates, modeUpdates, interruptsView(nil))
		}
		return
	}
	f.last, f.step = s, false
	if len(s.Next) != 1 || s.Next[0] != startNode {
		f.put(modeValues, modeValues, orEmpty(s.Values))
	}
	view := f.checkpointView(*s)
	f.put(modeCheckpoints, modeCheckpoints, view)
	f.debug(e, "checkpoint", view)
}

const startNode = "__start__"

func (f *framer) finished(e Event) {
	t := *e.Finished
	f.step = true
	switch {
	case t.Error != "":
	case len(t.Interrupts) > 0:
		f.put(modeUpdates, modeUpdates, interruptsView(t.Interrupts))
		if f.last != nil {
			values := object{interruptKey: mustJSON(t.Interrupts)}
			for k, v := range f.last.Values {
				values[k] = v
			}
			f.put(modeValues, modeValues, values)
		}
	default:
		f.newMessages(e, t)
		f.put(modeUpdates, modeUpdates, map[string]any{t.Name: resultView(t)})
	}
	view := finishedView(t)
	f.put(modeTasks, modeTasks, view)
	f.debug(e, "task_result", view)
}

// interruptKey is where clients look for interrupts.
const interruptKey = "__interrupt__"

func interruptsView(list []Pending) map[string][]Pending {
	return map[string][]Pending{interruptKey: pendings(list)}
}

// resultView is what a task returned: null when it returned nothing.
func resultView(t Task) any {
	if len(t.Result) == 0 {
		return nil
	}
	return merged(t.Result)
}

// debugView wraps what the other modes show.
type debugView struct {
	Step    int       `json:"step"`
	At      timestamp `json:"timestamp"`
	Type    string    `json:"type"`
	Payload any       `json:"payload"`
}

func (f *framer) debug(e Event, kind string, payload any) {
	f.put(modeDebug, modeDebug, debugView{e.Step, timestamp(e.At), kind, payload})
}

// configView is the address of a checkpoint as LangChain's config.
type configView struct {
	Configurable map[string]string `json:"configurable"`
}

func (f *framer) config(checkpointID string) *configView {
	if checkpointID == "" {
		return nil
	}
	return &configView{map[string]string{
		"thread_id": f.run.ThreadID, "checkpoint_ns": "", "checkpoint_id": checkpointID,
		"run_id": f.run.ID, "graph_id": f.run.GraphID, "assistant_id": f.run.AssistantID,
	}}
}

type debugCheckpoint struct {
	Config       *configView     `json:"config"`
	ParentConfig *configView     `json:"parent_config"`
	Values       object          `json:"values"`
	Metadata     object          `json:"metadata"`
	Next         []string        `json:"next"`
	Tasks        []debugTask     `json:"tasks"`
	Checkpoint   *checkpointView `json:"checkpoint"`
	Parent       *checkpointView `json:"parent_checkpoint"`
}

type debugTask struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Path       []any           `json:"path"`
	Interrupts []Pending       `json:"interrupts"`
	State      json.RawMessage `json:"state"`
}

func (f *framer) checkpointView(s Snapshot) debugCheckpoint {
	state := viewState(s)
	v := debugCheckpoint{
		Config: f.config(s.CheckpointID), ParentConfig: f.config(s.ParentID), Values: state.Values, Metadata: state.Metadata,
		Next: state.Next, Tasks: []debugTask{}, Checkpoint: state.Checkpoint, Parent: state.Parent,
	}
	for _, t := range state.Tasks {
		v.Tasks = append(v.Tasks, debugTask{ID: t.ID, Name: t.Name, Path: t.Path, Interrupts: t.Interrupts})
	}
	return v
}

type startedTask struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Input      object    `json:"input"`
	Triggers   []string  `json:"triggers"`
	Interrupts []Pending `json:"interrupts"`
	Metadata   object    `json:"metadata"`
}

func (f *framer) startedView(t Task) startedTask {
	return startedTask{
		ID: t.ID, Name: t.Name, Input: orEmpty(t.Input), Triggers: t.Triggers, Interrupts: pendings(t.Interrupts), Metadata: f.metadata(),
	}
}

// metadata is the run's own, with its id.
func (f *framer) metadata() object {
	m := object{}
	for k, v := range f.run.Metadata {
		m[k] = v
	}
	m["run_id"], m["run_attempt"] = quoted(f.run.ID), json.RawMessage("1")
	m["graph_id"], m["assistant_id"] = quoted(f.run.GraphID), quoted(f.run.AssistantID)
	return m
}

type finishedTask struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Error      *string   `json:"error"`
	Result     object    `json:"result"`
	Interrupts []Pending `json:"interrupts"`
}

func finishedView(t Task) finishedTask {
	v := finishedTask{ID: t.ID, Name: t.Name, Error: orNull(t.Error), Result: object{}, Interrupts: pendings(t.Interrupts)}
	if t.Error == "" && len(t.Interrupts) == 0 {
		v.Result = merged(t.Result)
	}
	return v
}

// taskMetadata is what LangGraph says of the task that a message comes from.
func (f *framer) taskMetadata(step int, t *Task, more object) object {
	m := f.metadata()
	m["thread_id"] = quoted(f.run.ThreadID)
	if t != nil {
		ns := quoted(t.Name + ":" + t.ID)
		m["langgraph_step"], m["langgraph_node"] = json.RawMessage(strconv.Itoa(step)), quoted(t.Name)
		m["langgraph_triggers"], m["langgraph_path"] = mustJSON(t.Triggers), mustJSON(t.Path)
		m["langgraph_checkpoint_ns"], m["checkpoint_ns"] = ns, ns
	}
	for k, v := range more {
		m[k] = v
	}
	return m
}

// mustJSON is for values that cannot fail: strings, numbers and what came as JSON.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}
