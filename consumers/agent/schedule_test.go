package agent

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func take(t *testing.T, s *schedule) string {
	t.Helper()
	e, ok := s.take()
	require.True(t, ok)
	return e.runID
}

func none(t *testing.T, s *schedule) {
	t.Helper()
	_, ok := s.take()
	require.False(t, ok)
}

func TestRunsOfAThreadComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newSchedule(10)
	require.True(t, s.add(entry{runID: "a1", threadID: "a"}, false))
	require.True(t, s.add(entry{runID: "a2", threadID: "a"}, false))
	require.True(t, s.add(entry{runID: "b1", threadID: "b"}, false))
	require.False(t, s.add(entry{runID: "a2", threadID: "a"}, false))
	require.Equal(t, "a1", take(t, s))
	require.Equal(t, "b1", take(t, s))
	none(t, s)
	s.finish("a1", "a")
	require.Equal(t, "a2", take(t, s))
	s.finish("a2", "a")
	s.finish("b1", "b")
	waiting, active := s.counts()
	require.Zero(t, waiting+active)
}

func TestRunThatWaitsForAPersonKeepsItsTurn(t *testing.T) {
	t.Parallel()
	s := newSchedule(10)
	s.add(entry{runID: "a1", threadID: "a"}, false)
	s.add(entry{runID: "a2", threadID: "a"}, false)
	take(t, s)
	s.park("a")
	none(t, s)
	s.resume("a2", "a")
	none(t, s)
	s.resume("a1", "a")
	s.resume("a1", "a")
	require.Equal(t, "a1", take(t, s))
	none(t, s)
}

func TestDecisionBeforeTheWorkerHasParkedIsNotLost(t *testing.T) {
	t.Parallel()
	s := newSchedule(10)
	s.add(entry{runID: "a1", threadID: "a"}, false)
	take(t, s)
	s.resume("a1", "a")
	none(t, s)
	s.park("a")
	require.Equal(t, "a1", take(t, s))
}

func TestRunThatWaitedAtTheLastEndWaitsStill(t *testing.T) {
	t.Parallel()
	s := newSchedule(10)
	s.add(entry{runID: "a1", threadID: "a", recovered: true}, true)
	none(t, s)
	s.resume("a1", "a")
	e, ok := s.take()
	require.True(t, ok)
	require.Equal(t, "a1", e.runID)
}

func TestBacklogIsBounded(t *testing.T) {
	t.Parallel()
	s := newSchedule(1)
	require.NoError(t, s.room(t.Context()))
	s.add(entry{runID: "a1", threadID: "a", counted: true}, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.room(ctx), context.Canceled)
	take(t, s)
	require.NoError(t, s.room(t.Context()))
}
