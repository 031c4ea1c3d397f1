package stream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConsumerOfItsOwnBudgetStopsAtTheWholeOfIt(t *testing.T) {
	t.Parallel()
	a := NewBudget(800).open()
	require.False(t, a.hold(799))
	require.True(t, a.hold(800))
	require.True(t, a.hold(600), "hysteresis")
	require.False(t, a.hold(400))
	require.False(t, a.hold(799))
}

func TestBudgetThatIsUsedUpLeavesEveryConsumerItsShare(t *testing.T) {
	t.Parallel()
	b := NewBudget(800) // 600 in common, 100 for each
	greedy, modest := b.open(), b.open()
	require.False(t, greedy.hold(699))
	require.True(t, greedy.hold(700))
	require.False(t, modest.hold(99))
	require.True(t, modest.hold(100))
	require.True(t, modest.hold(51), "hysteresis")
	require.False(t, modest.hold(50))

	modest.hold(100)
	drain(greedy, modest)
	greedy.hold(400)
	require.False(t, modest.stopped, "half of what is in common is free")
	require.Len(t, modest.changed, 1, "it is told")
}

func TestShareGrowsWhenAConsumerLeaves(t *testing.T) {
	t.Parallel()
	b := NewBudget(800)
	stays, leaves := b.open(), b.open()
	require.EqualValues(t, 100, stays.share())
	leaves.hold(700)
	require.True(t, stays.hold(100))
	leaves.close()
	leaves.close()
	require.False(t, stays.stopped)
	require.EqualValues(t, 200, stays.share())
}

// A consumer that holds nothing would never be told to go on by itself.
func TestConsumerThatHoldsNothingIsNeverStopped(t *testing.T) {
	t.Parallel()
	for _, bytes := range []int64{0, 1, 7, 1 << 20} {
		b := NewBudget(bytes)
		full, empty := b.open(), b.open()
		full.hold(1 << 30)
		require.False(t, empty.hold(0), "budget of %d", bytes)
		empty.hold(1 << 30)
		require.False(t, empty.hold(0), "budget of %d", bytes)
	}
}

func drain(accounts ...*account) {
	for _, a := range accounts {
		select {
		case <-a.changed:
		default:
		}
	}
}
