package front

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAbandonedQueriesAreKilledTogetherUntilTheyEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kills [][]string
		k := newKiller(func(tags []string) {
			slices.Sort(tags)
			kills = append(kills, tags)
		})
		defer k.close()
		ctx, leave := context.WithCancel(t.Context())
		stopA, stopB := k.watch(ctx, "a"), k.watch(ctx, "b")
		k.watch(t.Context(), "c")() // ended before its client left
		leave()
		pass := func(d time.Duration) { <-time.After(d + time.Millisecond); synctest.Wait() }
		pass(killEvery)
		require.Equal(t, []string{"a", "b"}, kills[len(kills)-1])
		stopA()
		pass(killEvery)
		require.Equal(t, []string{"b"}, kills[len(kills)-1])
		stopB()
		soFar := len(kills)
		pass(10 * killEvery)
		require.Len(t, kills, soFar)
	})
}

// A KILL that runs must not hit the session's next statement, which has the same tag.
func TestEndOfAQueryWaitsForAKillThatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slow = time.Second
		k := newKiller(func([]string) { <-time.After(slow) })
		defer k.close()
		ctx, leave := context.WithCancel(t.Context())
		stop := k.watch(ctx, "a")
		leave()
		synctest.Wait()
		begin := time.Now()
		stop()
		require.Equal(t, slow, time.Since(begin))
	})
}
