package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// runBody starts a run.
type runBody struct {
	AssistantID     string          `json:"assistant_id"`
	Input           json.RawMessage `json:"input"`
	Command         *commandBody    `json:"command"`
	Checkpoint      *checkpointBody `json:"checkpoint"`
	CheckpointID    string          `json:"checkpoint_id"`
	Metadata        object          `json:"metadata"`
	Config          configBody      `json:"config"`
	Context         object          `json:"context"`
	StreamMode      oneOrMany       `json:"stream_mode"`
	Subgraphs       bool            `json:"stream_subgraphs"`
	Resumable       bool            `json:"stream_resumable"`
	InterruptBefore oneOrMany       `json:"interrupt_before"`
	InterruptAfter  oneOrMany       `json:"interrupt_after"`
	Multitask       Multitask       `json:"multitask_strategy"`
	OnDisconnect    string          `json:"on_disconnect"`
	OnCompletion    string          `json:"on_completion"`
	IfNotExists     string          `json:"if_not_exists"`
	AfterSeconds    float64         `json:"after_seconds"`
	Durability      string          `json:"durability"`
	Webhook         string          `json:"webhook"`
	FeedbackKeys    oneOrMany       `json:"feedback_keys"`
}

// configBody is what we know of LangChain's config. The whole of it is kept with the run.
type configBody struct {
	Configurable object `json:"configurable"`
	Limit        int    `json:"recursion_limit"`
}

// commandBody resumes, writes and redirects.
type commandBody struct {
	Resume json.RawMessage `json:"resume"`
	Update json.RawMessage `json:"update"`
	Goto   json.RawMessage `json:"goto"`
}

// kwargs is what a client asked for, as LangGraph's servers keep it with the run.
type kwargs struct {
	Input           json.RawMessage `json:"input"`
	Command         *commandBody    `json:"command"`
	Config          object          `json:"config"`
	Context         object          `json:"context"`
	StreamMode      []string        `json:"stream_mode"`
	InterruptBefore []string        `json:"interrupt_before"`
	InterruptAfter  []string        `json:"interrupt_after"`
	Temporary       bool            `json:"temporary"`
	Subgraphs       bool            `json:"subgraphs"`
	Resumable       bool            `json:"resumable"`
}

// start makes a run of a request. A threadID of "" is a run without a thread of its own.
func (s *Server) start(raw json.RawMessage, threadID string) (Start, runBody, error) {
	var b runBody
	var out Start
	if err := unmarshal(raw, &b); err != nil {
		return out, b, err
	}
	if err := b.check(); err != nil {
		return out, b, err
	}
	b.Input = s.masked(b.Input)
	s.maskCommand(b.Command)
	a, err := s.assistants.find(b.AssistantID)
	if err != nil {
		return out, b, err
	}
	now := s.now()
	out = Start{
		Run: Run{
			ID: newID(), ThreadID: threadID, AssistantID: a.ID, GraphID: a.GraphID, CreatedAt: now, UpdatedAt: now, Status: RunPending,
			Metadata: object{"graph_id": quoted(a.GraphID), "assistant_id": quoted(a.ID)}, Multitask: b.Multitask,
		},
		InterruptBefore: b.InterruptBefore, InterruptAfter: b.InterruptAfter,
		Limit: b.Config.Limit, Config: b.Config.Configurable, Context: b.Context,
	}
	if threadID == "" {
		out.ThreadID, out.Temporary = newID(), b.OnCompletion != "keep"
	}
	if b.AfterSeconds > 0 {
		out.After = now.Add(time.Duration(b.AfterSeconds * float64(time.Second)))
	}
	for k, v := range b.Metadata {
		out.Metadata[k] = v
	}
	if err := b.what(&out); err != nil {
		return out, b, err
	}
	out.Kwargs, err = b.kwargs(raw, out.Run)
	return out, b, err
}

// newID is a UUID that sorts by time, as LangGraph's are.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil { // no entropy: the other kind panics then
		return uuid.NewString()
	}
	return id.String()
}

// what fills in what the run is to do.
func (b runBody) what(out *Start) error {
	var err error
	if out.CheckpointID, err = b.Checkpoint.id(out.ThreadID); err != nil {
		return err
	}
	if out.CheckpointID == "" {
		out.CheckpointID = b.CheckpointID
	}
	if b.Command == nil {
		if !isNull(b.Input) {
			out.Input = b.Input
		}
		return nil
	}
	// A command takes the place of the input, as with LangGraph.
	if out.Update, err = keyValues("command.update", b.Command.Update); err != nil {
		return err
	}
	if out.Goto, err = b.Command.sends(); err != nil {
		return err
	}
	if out.Resume, err = b.Command.answers(); err != nil {
		return err
	}
	if len(out.Update) == 0 && len(out.Goto) == 0 && len(out.Resume) == 0 {
		return invalid("command", "is empty: give resume, update or goto; to go on where the thread stands send input null and no command")
	}
	return nil
}

func (b runBody) check() error {
	for _, one := range []struct {
		field, value string
		allowed      []string
	}{
		{"multitask_strategy", string(b.Multitask), []string{"", "reject", "rollback", "interrupt", "enqueue"}},
		{"on_disconnect", b.OnDisconnect, []string{"", "cancel", "continue"}},
		{"on_completion", b.OnCompletion, []string{"", "delete", "keep"}},
		{"if_not_exists", b.IfNotExists, []string{"", "create", "reject"}},
		{"durability", b.Durability, []string{"", "sync", "async", "exit"}},
	} {
		if !slices.Contains(one.allowed, one.value) {
			return invalid(one.field, "%q is not one of%s", one.value, strings.Join(one.allowed, " "))
		}
	}
	for _, mode := range b.StreamMode {
		if !slices.Contains(streamModes(), mode) {
			return invalid("stream_mode", "%q is not one of %s", mode, strings.Join(streamModes(), ", "))
		}
	}
	switch {
	case b.AssistantID == "":
		return invalid("assistant_id", "is required: the id of an assistant, or a graph id")
	case b.Webhook != "":
		return invalid("webhook", "is not served, this server calls nobody: wait on /runs/wait or join the run, or read the answers topic")
	case len(b.FeedbackKeys) > 0:
		return invalid("feedback_keys", "are not served: send feedback to the gateway's /v1/feedback")
	case b.Config.Limit < 0:
		return invalid("config.recursion_limit", "%d is less than 0", b.Config.Limit)
	case !(b.AfterSeconds >= 0 && b.AfterSeconds <= 366*24*3600):
		return invalid("after_seconds", "%v is not between 0 and a year", b.AfterSeconds)
	}
	return nil
}

// kwargs keeps the config as it came, with what we do not know, and adds what the run is.
func (b runBody) kwargs(raw json.RawMessage, run Run) (json.RawMessage, error) {
	var whole struct {
		Config object `json:"config"`
	}
	if err := unmarshal(raw, &whole); err != nil {
		return nil, err
	}
	configurable := object{}
	for k, v := range b.Config.Configurable {
		configurable[k] = v
	}
	configurable["run_id"], configurable["thread_id"] = quoted(run.ID), quoted(run.ThreadID)
	configurable["graph_id"], configurable["assistant_id"] = quoted(run.GraphID), quoted(run.AssistantID)
	config := orEmpty(whole.Config)
	config["configurable"] = mustJSON(configurable)
	k := kwargs{
		Input: b.Input, Command: b.Command, Config: config, Context: orEmpty(b.Context), StreamMode: b.StreamMode,
		InterruptBefore: b.InterruptBefore, InterruptAfter: b.InterruptAfter, Temporary: run.Temporary, Subgraphs: b.Subgraphs, Resumable: b.Resumable,
	}
	if len(k.StreamMode) == 0 {
		k.StreamMode = []string{modeValues}
	}
	return json.Marshal(k)
}

// answers reads a resume: a value for the only open interrupt, or values by their interrupts' ids.
func (c *commandBody) answers() (map[string]json.RawMessage, error) {
	if len(c.Resume) == 0 {
		return nil, nil
	}
	var byID map[string]json.RawMessage
	if json.Unmarshal(c.Resume, &byID) == nil && len(byID) > 0 && allInterruptIDs(byID) {
		return byID, nil
	}
	if isNull(c.Resume) {
		return nil, nil
	}
	return map[string]json.RawMessage{"": c.Resume}, nil
}

// allInterruptIDs says whether all keys look like the 32 hex digits of an interrupt's id.
func allInterruptIDs(m map[string]json.RawMessage) bool {
	for key := range m {
		if len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "" {
			return false
		}
	}
	return true
}

// sends reads where to go: a node's name, {node, input}, or a list of them.
func (c *commandBody) sends() ([]Send, error) {
	if isNull(c.Goto) {
		return nil, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(c.Goto, &list) != nil {
		list = []json.RawMessage{c.Goto}
	}
	var out []Send
	for _, raw := range list {
		var s Send
		if json.Unmarshal(raw, &s.Node) != nil {
			var b struct {
				Node  string          `json:"node"`
				Input json.RawMessage `json:"input"`
			}
			if err := json.Unmarshal(raw, &b); err != nil || b.Node == "" {
				return nil, invalid("command.goto", "must be a node's name, {node, input}, or a list of them")
			}
			s = Send{b.Node, b.Input}
		}
		out = append(out, s)
	}
	return out, nil
}

// begin starts a run of a request's body.
func (s *Server) begin(r *http.Request, raw json.RawMessage, threadID string) (Run, runBody, error) {
	st, b, err := s.start(raw, threadID)
	if err != nil {
		return Run{}, b, err
	}
	if st.Multitask == "" {
		st.Multitask = Enqueue
	}
	if err := s.makeThread(r, st, threadID == "" || b.IfNotExists == "create"); err != nil {
		return Run{}, b, err
	}
	if st.CheckpointID != "" { // before anything that is under way makes room for this run
		if _, err := s.backend.State(r.Context(), st.ThreadID, st.CheckpointID); err != nil {
			return Run{}, b, s.missing(r, st.ThreadID, st.CheckpointID, err)
		}
	}
	run, err := s.backend.Start(r.Context(), st)
	if errors.Is(err, ErrBusy) {
		return run, b, problem{Status: http.StatusUnprocessableEntity, Code: codeBusy, Detail: "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."}
	}
	return run, b, s.missing(r, st.ThreadID, st.CheckpointID, err)
}

// temporaryLife is how long the thread of a run without one is kept where nobody waits for the run's end.
const temporaryLife = time.Hour

// makeThread makes the thread of a run where it may. A crash before the run is stored leaves an empty thread, or one that goes
// with its time.
func (s *Server) makeThread(r *http.Request, st Start, may bool) error {
	if !may {
		return nil
	}
	t := Thread{ID: st.ThreadID, CreatedAt: st.CreatedAt, UpdatedAt: st.CreatedAt, Metadata: object{"graph_id": quoted(st.GraphID)}, Status: ThreadIdle}
	if st.Temporary {
		t.TTL = &TTL{Strategy: strategyDelete, After: temporaryLife}
	}
	if err := s.backend.CreateThread(r.Context(), t); !errors.Is(err, ErrExists) {
		return err
	}
	return nil
}
