package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

var errStore = errors.New("the store is away")

const keyNote = graph.Value[string]("note")

// fixture is a backend with a worker that a test drives by hand: nothing runs unless the test says so.
type fixture struct {
	*backend.Backend
	t      *testing.T
	store  checkpoint.Store
	engine *graph.Engine

	mu       sync.Mutex
	now      time.Time
	refuse   error  // what accepting gives
	ready    func() // before accepting
	accepted func()
	decided  func() // before the store decides
}

// newFixture returns a backend of a graph that asks a question and notes the answer, and then runs more nodes.
func newFixture(t *testing.T, more ...graph.NodeFunc) *fixture {
	t.Helper()
	return newShared(t, checkpoint.NewMemory(), more...)
}

// newShared is newFixture on a store that others use, too.
func newShared(t *testing.T, store checkpoint.Store, more ...graph.NodeFunc) *fixture {
	t.Helper()
	g := graph.New(keyNote).Node("ask", ask).Edge(graph.Start, "ask")
	last := "ask"
	for i, fn := range more {
		name := "more" + string(rune('a'+i))
		g = g.Node(name, fn).Edge(last, name)
		last = name
	}
	engine, err := graph.NewEngine(g, store, graph.Config{})
	require.NoError(t, err)
	f := &fixture{t: t, store: store, engine: engine, now: time.Now()}
	f.Backend = backend.New(backend.Deps{Store: store, Engine: engine, Agent: f, Tenant: "t/", GraphID: "agent", Now: f.clock})
	return f
}

func ask(_ context.Context, t *graph.Task) (graph.Update, error) {
	if string(t.State["note"]) == `"go"` {
		return graph.Update{}, nil
	}
	answer, err := t.Interrupt("may I?")
	if err != nil {
		return graph.Update{}, err
	}
	return graph.Update{Writes: []checkpoint.Write{{Key: "note", Value: answer}}}, nil
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) Submit(ctx context.Context, s backend.Submission) (string, error) {
	if s.Input != nil {
		w, err := f.engine.Graph().Write("note", s.Input)
		if err != nil {
			return "", err
		}
		s.Begin.Writes = append(s.Begin.Writes, w)
	}
	input, err := json.Marshal(s.Begin)
	if err != nil {
		return "", err
	}
	run := checkpoint.Run{ID: uuid.NewString(), ThreadID: s.ThreadID, Input: input, CreatedAt: f.clock().UTC()}
	b, err := f.engine.Begin(ctx, request(run, s.Begin))
	if err != nil {
		return "", err
	}
	if err := s.Ready(run.ID); err != nil {
		return run.ID, err
	}
	if f.ready != nil {
		f.ready()
	}
	if f.refuse != nil {
		return run.ID, f.refuse
	}
	_, err = f.store.Accept(ctx, checkpoint.Acceptance{Run: run, Head: b.Head, Input: b.Checkpoints})
	if f.accepted != nil {
		f.accepted()
	}
	return run.ID, err
}

func request(run checkpoint.Run, b backend.Begin) graph.Request {
	return graph.Request{
		ThreadID: run.ThreadID, RunID: run.ID, Input: b.Writes, From: b.From, Continue: b.Continue, Goto: b.Goto,
		InterruptBefore: b.Before, InterruptAfter: b.After, Limit: b.Limit,
	}
}

func (f *fixture) Decide(ctx context.Context, d checkpoint.Decision) error {
	if f.decided != nil {
		f.decided()
	}
	out, err := f.store.Decide(ctx, d)
	if err == nil && out.Queued == nil {
		return backend.ErrNothingDecided
	}
	return err
}

func (*fixture) Check(_, _ json.RawMessage) error { return nil }

func (f *fixture) Cancel(ctx context.Context, run checkpoint.Run) error {
	err := f.store.Commit(ctx, checkpoint.Commit{
		ThreadID: run.ThreadID, RunID: run.ID, Status: checkpoint.StatusFailed, Error: backend.Canceled, EndedAt: f.clock().UTC(),
	})
	f.Stopped(run.ID, nil)
	return err
}

// work runs the run of a thread whose turn it is until it stops, and tells the backend.
func (f *fixture) work(thread string) checkpoint.Run {
	f.t.Helper()
	run, leave := f.begun(thread)
	leave()
	f.Stopped(run.ID, nil)
	return run
}

// begun tells the backend that a run begins, and returns how to run it to its stop, of which the backend is not told.
func (f *fixture) begun(thread string) (checkpoint.Run, func()) {
	f.t.Helper()
	run, err := f.store.Turn(f.t.Context(), "t/"+thread)
	require.NoError(f.t, err)
	require.Equal(f.t, checkpoint.StatusQueued, run.Status)
	run, err = f.store.Run(f.t.Context(), run.ID)
	require.NoError(f.t, err)
	var b backend.Begin
	require.NoError(f.t, json.Unmarshal(run.Input, &b))
	req := request(run, b)
	req.Observe = f.Began(run.ID, run.ThreadID)
	return run, func() {
		f.t.Helper()
		_, err := f.engine.Run(f.t.Context(), req)
		require.NoError(f.t, err)
	}
}

// thread makes a thread.
func (f *fixture) thread(id string) string {
	f.t.Helper()
	require.NoError(f.t, f.CreateThread(f.t.Context(), api.Thread{ID: id}))
	return id
}

// start starts a run with an input: "go" does not ask.
func (f *fixture) start(thread, input string) api.Run {
	f.t.Helper()
	run, err := f.Start(f.t.Context(), begin(thread, input))
	require.NoError(f.t, err)
	return run
}

func begin(thread, input string) api.Start {
	raw, _ := json.Marshal(input) //nolint:errchkjson // a string
	return api.Start{Run: api.Run{ID: uuid.NewString(), ThreadID: thread, Multitask: api.Enqueue}, Input: raw}
}

func answer(thread, text string) api.Start {
	raw, _ := json.Marshal(text) //nolint:errchkjson // a string
	return api.Start{
		Run: api.Run{ID: uuid.NewString(), ThreadID: thread, Multitask: api.Reject}, Resume: map[string]json.RawMessage{"": raw},
	}
}

// status is what a run is said to be doing.
func (f *fixture) status(id string) api.RunStatus {
	f.t.Helper()
	run, err := f.Run(f.t.Context(), id)
	require.NoError(f.t, err)
	return run.Status
}

// listener is a client that watches a run.
type listener struct {
	events []api.Event
	err    error
	over   chan struct{}
}

// listen watches a run from when the call returns.
func (f *fixture) listen(id string) *listener {
	l := &listener{over: make(chan struct{})}
	first := make(chan struct{})
	var once sync.Once
	ctx := probe{f.t.Context(), func() { once.Do(func() { close(first) }) }}
	go func() {
		defer close(l.over)
		defer once.Do(func() { close(first) })
		for e, err := range f.Events(ctx, id) {
			once.Do(func() { close(first) })
			l.events, l.err = append(l.events, e), err
		}
	}()
	<-first
	return l
}

// probe tells when somebody waits for the context, which Events does once it has caught up.
type probe struct {
	context.Context
	waits func()
}

func (p probe) Done() <-chan struct{} { p.waits(); return p.Context.Done() }

// ended waits for the end of a stream and returns its events.
func (l *listener) ended(t *testing.T) []api.Event {
	t.Helper()
	<-l.over
	require.NoError(t, l.err)
	return l.events
}
