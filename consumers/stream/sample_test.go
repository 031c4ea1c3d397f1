package stream

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

func TestTraceParentIsReadByTheW3CRules(t *testing.T) {
	t.Parallel()
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, good := range []string{"00-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-00", "cc-" + trace + "-" + span + "-01-later"} {
		haveTrace, haveSpan, ok := parseTraceParent(good)
		require.True(t, ok, good)
		require.Equal(t, []string{trace, span}, []string{haveTrace, haveSpan})
	}
	for _, bad := range []string{
		"", "-", "---", "junk", "00-" + trace + "-" + span, "00-" + trace + "-" + span + "-01-later", "ff-" + trace + "-" + span + "-01",
		"00-" + trace[1:] + "-" + span + "-01", "00-0AF7651916CD43DD8448EB211C80319C-" + span + "-01",
		"00-00000000000000000000000000000000-" + span + "-01", "00-" + trace + "-0000000000000000-01", "0-" + trace + "-" + span + "-01",
	} {
		_, _, ok := parseTraceParent(bad)
		require.False(t, ok, bad)
	}
}

func TestSampleIsTheShareOfTheIdsAndGrowsWithTheRate(t *testing.T) {
	t.Parallel()
	const ids = 20_000
	chosen := 0
	for i := range ids {
		id := event.DeriveID("seed", "test", i)
		require.False(t, sampled(id, 0))
		require.True(t, sampled(id, 1))
		if sampled(id, 0.1) {
			chosen++
			require.True(t, sampled(id, 0.2))
		}
	}
	require.InDelta(t, 0.1, float64(chosen)/ids, 0.01)
}
