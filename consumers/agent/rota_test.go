package agent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func turns(r *rota) []string {
	var out []string
	for {
		threadID, ok := r.pop()
		if !ok {
			return out
		}
		_, name := splitKey(threadID)
		out = append(out, name)
	}
}

func TestTenantWithManyThreadsKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	r := newRota(0)
	for _, name := range []string{"l1", "l2", "l3"} {
		r.push(threadKey("large", name))
	}
	r.push(threadKey("small", "s1"))
	require.Equal(t, []string{"l1", "s1", "l2", "l3"}, turns(&r))
}

func TestTenantAtItsBoundWaitsForItsOwnWorkers(t *testing.T) {
	t.Parallel()
	r := newRota(1)
	r.push(threadKey("large", "l1"))
	r.push(threadKey("large", "l2"))
	r.push(threadKey("small", "s1"))
	require.Equal(t, []string{"l1", "s1"}, turns(&r))
	require.True(t, r.any())
	r.done(threadKey("large", "l1"))
	require.Equal(t, []string{"l2"}, turns(&r))
}

func TestKeyOfAThreadSplitsIntoWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"acme", "t/1"}, {`a"/b`, `"x"/y`}, {"default", ""}} {
		tenant, thread := splitKey(threadKey(c[0], c[1]))
		require.Equal(t, c[0], tenant)
		require.Equal(t, c[1], thread)
	}
}
