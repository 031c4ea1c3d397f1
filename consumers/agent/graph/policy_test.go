package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// one is a graph of one node.
func one(fn graph.NodeFunc, options ...graph.NodeOption) *graph.Graph {
	return graph.New(path, total, best, word).Node("a", fn, options...).Edge(graph.Start, "a")
}

func stuck(ctx context.Context, _ *graph.Task) (graph.Update, error) {
	<-ctx.Done()
	return graph.Update{}, ctx.Err()
}

// TimeoutPolicy.run_timeout: NodeTimeoutError when an attempt takes longer.
func TestNodeTimesOut(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, one(stuck, graph.Timeout(graph.TimeoutPolicy{Run: 1})), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, graph.ErrTimeout)
}

// TimeoutPolicy.idle_timeout: NodeTimeoutError when an attempt gives no sign of life.
func TestIdleNodeTimesOut(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, one(stuck, graph.Timeout(graph.TimeoutPolicy{Idle: 1})), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, graph.ErrTimeout)
}

// NodeTimeoutError is retried like other errors.
func TestTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	s := checkpoint.NewMemory()
	e := engine(t, one(func(ctx context.Context, task *graph.Task) (graph.Update, error) {
		if attempts.Add(1) == 1 {
			return stuck(ctx, task)
		}
		require.True(t, task.Recovered, "an earlier attempt may have begun")
		return graph.Update{}, nil
	}, graph.Timeout(graph.TimeoutPolicy{Run: time.Second}), graph.Retry(graph.RetryPolicy{Initial: 1, NoJitter: true})), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	require.EqualValues(t, 2, attempts.Load())
}

// A node that heeds nothing is left behind, and what it emits afterwards is not told.
func TestNodeIsLeftBehind(t *testing.T) {
	t.Parallel()
	release, gone := make(chan struct{}), make(chan struct{})
	s := checkpoint.NewMemory()
	e := engine(t, one(func(_ context.Context, task *graph.Task) (graph.Update, error) {
		defer close(gone)
		<-release
		task.Emit("too late")
		task.Heartbeat()
		return graph.Update{Writes: []checkpoint.Write{must(path.Add("late"))(t)}}, nil
	}, graph.Timeout(graph.TimeoutPolicy{Run: 1})), s, graph.Config{Grace: 1})
	req := accept(t, s, "r")
	req.Observe = func(ev graph.Event) { require.NotEqual(t, graph.EventCustom, ev.Kind) }
	out, err := e.Run(t.Context(), req)
	require.ErrorIs(t, err, graph.ErrTimeout)
	close(release)
	<-gone
	require.Empty(t, visited(t, out.State))
}

// Cancel ends a run within its super-step.
func TestCancelWithinAStep(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := checkpoint.NewMemory()
	e := engine(t, one(func(ctx context.Context, task *graph.Task) (graph.Update, error) {
		cancel()
		return stuck(ctx, task)
	}, graph.Retry(graph.RetryPolicy{Attempts: 100, Initial: 1})), s, graph.Config{})
	_, err := e.Run(ctx, accept(t, s, "r"))
	require.ErrorIs(t, err, context.Canceled)
}

// RunControl.request_drain: the run stops at a super-step boundary, stored, and goes on from there.
func TestDrainStopsBetweenSteps(t *testing.T) {
	t.Parallel()
	drain := make(chan struct{})
	s := checkpoint.NewMemory()
	e := engine(t, loop(t, 4), s, graph.Config{})
	req := accept(t, s, "r")
	req.Drain = drain
	req.Hook = func(_ context.Context, super *graph.Super) error {
		if super.RunStep == 2 {
			close(drain)
		}
		return nil
	}
	out, err := e.Run(t.Context(), req)
	require.ErrorIs(t, err, graph.ErrDrained)
	require.Len(t, visited(t, out.State), 2)
	req.Drain, req.Hook = nil, nil
	out, err = e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, visited(t, out.State), 4)
}

// What cannot be stored or built is the run's own error, and is not taken for one of the store.
func TestWhatGraphsGetWrongIsTheRunsError(t *testing.T) {
	t.Parallel()
	returning := func(u graph.Update) graph.NodeFunc {
		return func(context.Context, *graph.Task) (graph.Update, error) { return u, nil }
	}
	long := must(json.Marshal(make([]int, 1000)))(t)
	panicking := graph.Reduced[int]{Key: "panicking", Reduce: func(int, int) (int, error) { panic("boom") }}
	for name, g := range map[string]*graph.Graph{
		"a write that is no JSON": one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "word", Value: []byte("{")}}})),
		"a write without a value": one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "word"}}})),
		"an unknown key":          one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "x", Value: []byte("1")}}})),
		"the engine's own key":    one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "__deferred__", Value: []byte("1")}}})),
		"a list that is none":     one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "log", Value: []byte("1")}}})),
		"a state too large":       one(returning(graph.Update{Writes: []checkpoint.Write{{Key: "word", Value: long}}})),
		"a send that is no JSON":  one(returning(graph.Update{Sends: []graph.Send{{Node: "a", Input: []byte("{")}}})),
		"a reducer that panics": graph.New(panicking).Edge(graph.Start, "a").
			Node("a", returning(graph.Update{Writes: []checkpoint.Write{must(panicking.Update(1))(t)}})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := checkpoint.NewMemory()
			_, err := engine(t, g, s, graph.Config{MaxState: 1000}).Run(t.Context(), accept(t, s, "r"))
			require.ErrorIs(t, err, graph.ErrState)
		})
	}
}

func TestPanicOfABranchIsItsNodesError(t *testing.T) {
	t.Parallel()
	g := graph.New(path, total).Node("a", visit(t)).Edge(graph.Start, "a").
		Branch("a", func(graph.State) ([]string, error) { panic("boom") })
	s := checkpoint.NewMemory()
	_, err := engine(t, g, s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	var node *graph.NodeError
	require.ErrorAs(t, err, &node)
}

// Goto replaces the edges of a node, where LangGraph's Command(goto), here Also, adds to them.
func TestGotoReplacesTheEdges(t *testing.T) {
	t.Parallel()
	g := graph.New(path, total).Node("b", visit(t)).Node("c", visit(t)).Edge(graph.Start, "a").Edge("a", "b").
		Node("a", func(context.Context, *graph.Task) (graph.Update, error) {
			return graph.Update{Goto: []string{"c"}}, nil
		})
	s := checkpoint.NewMemory()
	out, err := engine(t, g, s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, visited(t, out.State))
}

// What a failing node is blamed for is its own error, not that of a sibling that was canceled for it.
func TestFirstErrorIsTheRuns(t *testing.T) {
	t.Parallel()
	g := graph.New(path).Node("a", stuck).Edge(graph.Start, "a").Edge(graph.Start, "b").
		Node("b", func(context.Context, *graph.Task) (graph.Update, error) {
			return graph.Update{}, errors.Join(context.Canceled, errBoom)
		})
	s := checkpoint.NewMemory()
	_, err := engine(t, g, s, graph.Config{}).Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, errBoom)
}
