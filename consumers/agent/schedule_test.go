package agent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// empty is a schedule with nothing left in the store.
func empty(t *testing.T, backlog int) *schedule {
	t.Helper()
	s := newSchedule(backlog, 0)
	require.True(t, s.complete())
	return s
}

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
	s := empty(t, 10)
	s.offer(entry{runID: "a1", threadID: "a"})
	s.offer(entry{runID: "a2", threadID: "a"})
	s.offer(entry{runID: "b1", threadID: "b"})
	s.offer(entry{runID: "a2", threadID: "a"})
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
	s := empty(t, 10)
	s.offer(entry{runID: "a1", threadID: "a"})
	s.offer(entry{runID: "a2", threadID: "a"})
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
	s := empty(t, 10)
	s.offer(entry{runID: "a1", threadID: "a"})
	take(t, s)
	s.resume("a1", "a")
	none(t, s)
	s.park("a")
	require.Equal(t, "a1", take(t, s))
}

func TestRunThatWaitedAtTheLastEndWaitsStill(t *testing.T) {
	t.Parallel()
	s := empty(t, 10)
	s.wait(entry{runID: "a1", threadID: "a", recovered: true})
	none(t, s)
	s.resume("a1", "a")
	e, ok := s.take()
	require.True(t, ok)
	require.Equal(t, "a1", e.runID)
}
