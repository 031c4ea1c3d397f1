package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

const (
	word = graph.Value[string]("word")
	path = graph.List[string]("log")
)

var (
	total    = graph.Reduced[int]{Key: "total", Reduce: func(a, b int) (int, error) { return a + b, nil }}
	best     = graph.Reduced[int]{Key: "best", Reduce: func(a, b int) (int, error) { return max(a, b), nil }}
	errCrash = errors.New("crash")
)

// crashing is a store whose n-th commit fails, before or after it is stored.
type crashing struct {
	checkpoint.Store
	left  atomic.Int32
	after bool
}

func (s *crashing) Commit(ctx context.Context, c checkpoint.Commit) error {
	if s.left.Add(-1) != 0 {
		return s.Store.Commit(ctx, c)
	}
	if s.after {
		if err := s.Store.Commit(ctx, c); err != nil {
			return err
		}
	}
	return errCrash
}

func accept(t *testing.T, s checkpoint.Store, id string) graph.Request {
	t.Helper()
	_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: "t"}})
	require.NoError(t, err)
	return graph.Request{ThreadID: "t", RunID: id}
}

func engine(t *testing.T, g *graph.Graph, s checkpoint.Checkpoints, cfg graph.Config) *graph.Engine {
	t.Helper()
	e, err := graph.NewEngine(g, s, cfg)
	require.NoError(t, err)
	return e
}

// visit returns a node that appends its name and adds one.
func visit(t *testing.T) graph.NodeFunc {
	return func(_ context.Context, task *graph.Task) (graph.Update, error) {
		return graph.Update{Writes: []checkpoint.Write{must(path.Add(task.Node))(t), must(total.Update(1))(t)}}, nil
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

func visited(t *testing.T, s graph.State) []string { return must(path.Get(s))(t) }

// diamond is a, then b and c in parallel, then d.
func diamond(t *testing.T) *graph.Graph {
	return graph.New(word, path, total).
		Node("a", visit(t)).Node("b", visit(t)).Node("c", visit(t)).Node("d", visit(t)).
		Edge(graph.Start, "a").Edge("a", "b").Edge("a", "c").Edge("b", "d").Edge("c", "d").Edge("d", graph.End)
}

func TestParallelNodesSeeOneSnapshotAndReduceInOrder(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	out, err := engine(t, diamond(t), s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusDone, out.Status)
	require.Equal(t, []string{"a", "b", "c", "d"}, visited(t, out.State))
	require.Equal(t, 4, must(total.Get(out.State))(t))
	run, err := s.Run(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusDone, run.Status)
}

func TestCrashAtAnyCommitEndsInTheSameState(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := int32(1); n <= 6; n++ {
			t.Run(fmt.Sprintf("commit %d stored %v", n, after), func(t *testing.T) {
				t.Parallel()
				s := &crashing{Store: checkpoint.NewMemory(), after: after}
				s.left.Store(n)
				req := accept(t, s, "r")
				req.Input = []checkpoint.Write{must(word.Set("in"))(t)}
				e := engine(t, diamond(t), s, graph.Config{SnapshotEvery: 2})
				out, err := e.Run(t.Context(), req)
				if n <= 5 {
					require.ErrorIs(t, err, errCrash)
					out, err = e.Run(t.Context(), req)
				}
				require.NoError(t, err)
				require.Equal(t, []string{"a", "b", "c", "d"}, visited(t, out.State))
				require.Equal(t, "in", must(word.Get(out.State))(t))
			})
		}
	}
}

func TestFinishedSiblingDoesNotRunAgain(t *testing.T) {
	t.Parallel()
	var good, bad atomic.Int32
	finished := make(chan struct{})
	g := graph.New(path).
		Node("good", func(context.Context, *graph.Task) (graph.Update, error) {
			good.Add(1)
			return graph.Update{Writes: []checkpoint.Write{must(path.Add("good"))(t)}}, nil
		}).
		Node("bad", func(context.Context, *graph.Task) (graph.Update, error) {
			if bad.Add(1) == 1 {
				<-finished
				return graph.Update{}, errCrash
			}
			return graph.Update{Writes: []checkpoint.Write{must(path.Add("bad"))(t)}}, nil
		}).
		Edge(graph.Start, "good").Edge(graph.Start, "bad")
	s := &signalling{Store: checkpoint.NewMemory(), parked: finished}
	e := engine(t, g, s, graph.Config{})
	req := accept(t, s, "r")
	_, err := e.Run(t.Context(), req)
	require.ErrorIs(t, err, errCrash)
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"bad", "good"}, visited(t, out.State))
	require.EqualValues(t, 1, good.Load())
}

// signalling closes parked when a task is parked.
type signalling struct {
	checkpoint.Store
	parked chan struct{}
}

func (s *signalling) Commit(ctx context.Context, c checkpoint.Commit) error {
	err := s.Store.Commit(ctx, c)
	if len(c.Tasks) > 0 {
		close(s.parked)
	}
	return err
}

func TestNodeRunsAgainFromItsStartWhenItsInterruptIsAnswered(t *testing.T) {
	t.Parallel()
	var starts int
	g := graph.New(path).Node("ask", func(_ context.Context, task *graph.Task) (graph.Update, error) {
		starts++
		var got []string
		for _, q := range []string{"first", "second"} {
			raw, err := task.Interrupt(q)
			if err != nil {
				return graph.Update{}, err
			}
			var answer string
			if err := json.Unmarshal(raw, &answer); err != nil {
				return graph.Update{}, err
			}
			got = append(got, answer)
		}
		return graph.Update{Writes: []checkpoint.Write{must(path.Add(got...))(t)}}, nil
	}).Edge(graph.Start, "ask")
	s := checkpoint.NewMemory()
	e := engine(t, g, s, graph.Config{})
	req := accept(t, s, "r")
	for _, answer := range []string{`"1"`, `"2"`} {
		out, err := e.Run(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, checkpoint.StatusInterrupted, out.Status)
		decided, err := s.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{out.Interrupts[0].ID: json.RawMessage(answer)}})
		require.NoError(t, err)
		require.NotNil(t, decided.Queued)
	}
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, visited(t, out.State))
	require.Equal(t, 3, starts)
}

func TestStaticInterruptStopsBeforeTheNode(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, diamond(t).InterruptBefore("d"), s, graph.Config{})
	req := accept(t, s, "r")
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusInterrupted, out.Status)
	require.Equal(t, []string{"a", "b", "c"}, visited(t, out.State))
	_, err = s.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{out.Interrupts[0].ID: json.RawMessage(`true`)}})
	require.NoError(t, err)
	out, err = e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, visited(t, out.State))
}

// loop goes round until total is n.
func loop(t *testing.T, n int) *graph.Graph {
	return graph.New(path, total).Node("a", visit(t)).Edge(graph.Start, "a").
		Branch("a", func(s graph.State) ([]string, error) {
			sum, err := total.Get(s)
			if sum >= n {
				return []string{graph.End}, err
			}
			return []string{"a"}, err
		}, "a", graph.End)
}

func TestBranchSeesTheWritesOfItsNode(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	out, err := engine(t, loop(t, 3), s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	require.Len(t, visited(t, out.State), 3)
}

func TestRunStopsAtTheRecursionLimit(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	out, err := engine(t, loop(t, 100), s, graph.Config{Limit: 5}).Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, graph.ErrRecursion)
	require.Len(t, visited(t, out.State), 5)
}

func TestCanceledRunContinuesWhereItWas(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := checkpoint.NewMemory()
	e := engine(t, loop(t, 4), s, graph.Config{})
	req := accept(t, s, "r")
	req.Hook = func(_ context.Context, super *graph.Super) error {
		if super.RunStep == 2 {
			cancel()
		}
		return nil
	}
	_, err := e.Run(ctx, req)
	require.ErrorIs(t, err, context.Canceled)
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, visited(t, out.State), 4)
}

func TestNextRunOfAThreadStartsFromItsState(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, diamond(t), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r1"))
	require.NoError(t, err)
	req := accept(t, s, "r2")
	req.Input = []checkpoint.Write{must(path.Replace("fresh"))(t)}
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"fresh", "a", "b", "c", "d"}, visited(t, out.State))
	require.Equal(t, 8, must(total.Get(out.State))(t))
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, 8, line[len(line)-1].Step)
	require.Equal(t, 3, line[len(line)-1].RunStep)
}

func TestLastValueRefusesTwoWritersInOneStep(t *testing.T) {
	t.Parallel()
	set := func(_ context.Context, task *graph.Task) (graph.Update, error) {
		return graph.Update{Writes: []checkpoint.Write{must(word.Set(task.Node))(t)}}, nil
	}
	g := graph.New(word).Node("a", set).Node("b", set).Edge(graph.Start, "a").Edge(graph.Start, "b")
	s := checkpoint.NewMemory()
	_, err := engine(t, g, s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, graph.ErrConcurrentWrite)
}

func TestPanicOfANodeIsItsError(t *testing.T) {
	t.Parallel()
	g := graph.New(word).Node("a", func(context.Context, *graph.Task) (graph.Update, error) { panic("boom") }).Edge(graph.Start, "a")
	s := checkpoint.NewMemory()
	_, err := engine(t, g, s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	var node *graph.NodeError
	require.ErrorAs(t, err, &node)
	require.ErrorContains(t, node, "boom")
}

func TestEdgeToNowhereIsRefused(t *testing.T) {
	t.Parallel()
	g := graph.New(path).Node("a", visit(t)).Edge(graph.Start, "a").Edge("a", "b")
	_, err := graph.NewEngine(g, checkpoint.NewMemory(), graph.Config{})
	require.ErrorIs(t, err, graph.ErrUnknownNode)
}

func TestStorageGrowsLinearlyWithTheSteps(t *testing.T) {
	t.Parallel()
	stored := func(n int) int {
		s := &measuring{Store: checkpoint.NewMemory()}
		_, err := engine(t, loop(t, n), s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
		require.NoError(t, err)
		return s.bytes
	}
	small, large := stored(100), stored(800)
	require.Less(t, large, 10*small)
}

// measuring adds up what the checkpoints weigh.
type measuring struct {
	checkpoint.Store
	bytes int
}

func (s *measuring) Commit(ctx context.Context, c checkpoint.Commit) error {
	for _, p := range c.Checkpoints {
		for _, w := range p.Writes {
			s.bytes += len(w.Key) + len(w.Value)
		}
		for k, v := range p.Snapshot {
			s.bytes += len(k) + len(v)
		}
	}
	return s.Store.Commit(ctx, c)
}

func BenchmarkSuperStepInMemory(b *testing.B) {
	g := graph.New(total).Node("a", func(context.Context, *graph.Task) (graph.Update, error) {
		w, err := total.Update(1)
		return graph.Update{Writes: []checkpoint.Write{w}}, err
	}).Edge(graph.Start, "a").Edge("a", "a")
	b.ReportAllocs()
	const steps = 100 // of a run
	for done := 0; done < b.N; done += steps {
		s := checkpoint.NewMemory()
		_, err := s.Accept(b.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "r", ThreadID: "t"}})
		require.NoError(b, err)
		e, err := graph.NewEngine(g, s, graph.Config{Limit: min(steps, b.N-done)})
		require.NoError(b, err)
		_, err = e.Run(b.Context(), graph.Request{ThreadID: "t", RunID: "r"})
		require.ErrorIs(b, err, graph.ErrRecursion)
	}
}
