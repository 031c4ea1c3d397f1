package warehouse

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const someBody = `{"version": "2026-11", "source": "list of a friend", "prices": [
	{"model": "gpt-.*", "input": 1, "cached": 0.1, "output": 2},
	{"model": "gpt-.*", "above_input_tokens": 1000, "input": 2, "cached": 0.2, "output": 4},
	{"model": "gpt-5", "input": 100, "cached": 100, "output": 100}]}`

func TestLatestPriceTableIsTheOneThatWasAddedLast(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	_, added, err := w.LatestPrices(t.Context())
	require.NoError(t, err)
	require.False(t, added)

	table, err := ParsePrices([]byte(someBody))
	require.NoError(t, err)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	require.NoError(t, w.AddPrices(t.Context(), table, now))
	latest, _, err := w.LatestPrices(t.Context())
	require.NoError(t, err)
	require.Equal(t, table, latest)

	require.ErrorIs(t, w.AddPrices(t.Context(), table, now), ErrPriceTable)
	table.Version, table.Prices = "2026-01", []Price{{Model: "other", Input: "1", Cached: "0", Output: "0"}}
	require.NoError(t, w.AddPrices(t.Context(), table, now.Add(time.Hour)))
	latest, added, err = w.LatestPrices(t.Context())
	require.NoError(t, err)
	require.True(t, added)
	require.Equal(t, table, latest)
	list, err := w.PriceTables(t.Context())
	require.NoError(t, err)
	require.Equal(t, []PriceTableInfo{
		{"2026-01", "list of a friend", now.Add(time.Hour), 1}, {"2026-11", "list of a friend", now, 3},
	}, list)
}

func TestPriceTableThatWouldMisleadIsRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`{`, `{}`, `{"version": "1", "source": "s", "prices": []}`, `{"version": "1", "source": "s", "prices": [{"model": "("}]}`,
		`{"version": "1", "source": "s", "prices": [{"model": "m", "input": 1, "output": 1}]}`,
		`{"version": "1", "source": "s", "prices": [{"model": "m", "input": -1, "cached": 1, "output": 1}]}`,
		`{"version": "1", "source": "s", "prices": [{"model": "m", "input": 1, "cached": 1, "output": 1, "outptu": 2}]}`,
		`{"version": "1", "source": "s", "prices": [{"model": "m", "above_input_tokens": -1, "input": 1, "cached": 1, "output": 1}]}`,
	} {
		_, err := ParsePrices([]byte(bad))
		require.ErrorContains(t, err, "reading price", bad)
	}
}
