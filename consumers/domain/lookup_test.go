package domain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The ending is cut from the words of a query; of "ing" nothing is left, which every row would begin with.
func TestLookupIgnoresAnEndingThatStandsAlone(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	require.Empty(t, facts.Lookup("-ing"))
	require.Equal(t, facts.Lookup("seating stress"), facts.Lookup("seating ing stress"))
}

func TestLookupTellsShortCapitalsFromWords(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for _, row := range facts.Lookup("AM") {
		require.Equal(t, "class AM", row.Entity)
	}
	require.Empty(t, facts.Lookup("am"))
}

func TestLookupOfAVeryLongQueryNamesAFewFacts(t *testing.T) {
	t.Parallel()
	require.Len(t, pack(t).Facts.Lookup(strings.Repeat("What leak does API 624 accept, graphite or not? ", 400)), 10)
}
