package backend

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/graph"
)

func TestASharedValueWeighsOnce(t *testing.T) {
	t.Parallel()
	large := json.RawMessage(make([]byte, 1<<20))
	tp := &tape{changed: make(chan struct{})}
	for range 10 {
		tp.add(api.Event{Checkpoint: &api.Snapshot{}}, graph.State{"large": large})
		tp.add(api.Event{}, nil)
	}
	require.Equal(t, 1<<20+20*eventCost, tp.bytes)
	require.Equal(t, 10*eventCost, tp.cut(10))
	require.Equal(t, 1<<20+10*eventCost, tp.bytes, "what is left still has the value")
	list, all := tp.since(3)
	require.Len(t, list, 10)
	require.Equal(t, 20, all)
	tp.add(api.Event{}, graph.State{"large": json.RawMessage(make([]byte, 1<<10))})
	require.Equal(t, 1<<20+1<<10+11*eventCost, tp.bytes)
}

func TestWhatATaskWasSentWeighs(t *testing.T) {
	t.Parallel()
	value := map[string]json.RawMessage{"k": json.RawMessage(make([]byte, 1000))}
	require.Equal(t, eventCost+taskCost+1000, weight(api.Event{Started: &api.Task{Path: []any{push, "p"}, Input: value}}))
	require.Equal(t, eventCost+taskCost, weight(api.Event{Started: &api.Task{Path: []any{"__pregel_pull", "n"}, Input: value}}))
}
