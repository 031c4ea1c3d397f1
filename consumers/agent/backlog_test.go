package agent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func low(s *schedule) bool {
	select {
	case <-s.low:
		return true
	default:
		return false
	}
}

func TestFullBacklogLeavesRunsToTheStore(t *testing.T) {
	t.Parallel()
	s := empty(t, 2)
	for _, id := range []string{"a", "b", "c"} {
		s.offer(entry{runID: id, threadID: id})
	}
	waiting, _ := s.counts()
	require.Equal(t, 2, waiting)
	require.False(t, low(s))
	require.Equal(t, "a", take(t, s))
	require.True(t, low(s), "the store is asked when half of the backlog is free")
	s.offer(entry{runID: "d", threadID: "d"}) // there is room, but c is earlier
	require.Equal(t, "b", take(t, s))
	none(t, s)

	s.reading()
	require.True(t, s.load(entry{runID: "b", threadID: "b"}), "a run that is known is skipped")
	require.True(t, s.load(entry{runID: "c", threadID: "c"}))
	require.True(t, s.load(entry{runID: "d", threadID: "d"}))
	require.False(t, s.load(entry{runID: "e", threadID: "e"}))
	require.Equal(t, "c", take(t, s))
	require.Equal(t, "d", take(t, s))
}

func TestRunThatIsAcceptedWhileTheStoreIsReadIsNotMissed(t *testing.T) {
	t.Parallel()
	s := newSchedule(2, 0)
	s.reading()
	s.offer(entry{runID: "a", threadID: "a"}) // the page may have been read before a was stored
	require.False(t, s.complete())
	none(t, s)
	s.reading()
	require.True(t, s.load(entry{runID: "a", threadID: "a"}))
	require.True(t, s.complete())
	s.offer(entry{runID: "b", threadID: "b"})
	require.Equal(t, "a", take(t, s))
	require.Equal(t, "b", take(t, s))
}

func TestRunsBehindAPersonTakeNoPlace(t *testing.T) {
	t.Parallel()
	s := empty(t, 2)
	s.offer(entry{runID: "a1", threadID: "a"})
	require.Equal(t, "a1", take(t, s))
	s.offer(entry{runID: "a2", threadID: "a"})
	s.offer(entry{runID: "a3", threadID: "a"})
	s.park("a")
	s.offer(entry{runID: "a4", threadID: "a"})
	s.offer(entry{runID: "b1", threadID: "b"})
	s.offer(entry{runID: "b2", threadID: "b"})
	s.offer(entry{runID: "a5", threadID: "a"}) // takes no place, so it needs none
	require.False(t, s.spilled)
	s.resume("a1", "a")
	require.Equal(t, "b1", take(t, s))
	for i := range 5 {
		id := "a" + string(rune('1'+i))
		require.Equal(t, id, take(t, s))
		s.finish(id, "a")
	}
	s.finish("b1", "b")
	require.Equal(t, "b2", take(t, s))
	require.Zero(t, s.counted)
}
