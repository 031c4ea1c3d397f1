package retrieval

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// waits returns how long a question waits for an end of partition 0.
func waits(ctx context.Context, f *freshness, end int64) time.Duration {
	start := time.Now()
	f.within(ctx, freshTimeout, func(context.Context) map[int32]int64 { return map[int32]int64{0: end} })
	return time.Since(start)
}

func TestEndWithoutARecordIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFreshness()
		require.Equal(t, freshTimeout, waits(t.Context(), f, 3))
		require.Zero(t, waits(t.Context(), f, 3))
		require.Equal(t, freshTimeout, waits(t.Context(), f, 5), "a later end may have a record")
	})
}

func TestIndexThatIsSlowIsWaitedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFreshness()
		f.take() // the first of many, and not searchable for longer than a question waits
		require.Equal(t, freshTimeout, waits(t.Context(), f, 3))
		require.Equal(t, freshTimeout, waits(t.Context(), f, 3))
		f.advance(0, 1)
		f.rest()
		go func() {
			<-time.After(freshTimeout / 2) // virtual time
			f.take()
			f.advance(0, 2)
			f.rest()
		}()
		require.Equal(t, freshTimeout, waits(t.Context(), f, 3), "there was a step")
		go func() {
			<-time.After(freshTimeout / 4) // virtual time
			f.advance(0, 3)
		}()
		require.Equal(t, freshTimeout/4, waits(t.Context(), f, 3))
	})
}

func TestQuestionThatIsGivenUpTeachesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFreshness()
		ctx, cancel := context.WithTimeout(t.Context(), freshTimeout/2)
		defer cancel()
		require.Equal(t, freshTimeout/2, waits(ctx, f, 3))
		require.Equal(t, freshTimeout, waits(t.Context(), f, 3))
	})
}
