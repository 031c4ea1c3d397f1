package price_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/price"
)

func TestCostCountsCachedInputOnce(t *testing.T) {
	t.Parallel()
	table, err := price.Builtin()
	require.NoError(t, err)
	// 800 at 0.25, 200 at 0.025 and 100 at 2 USD per million tokens.
	got, ok := table.Cost("gpt-5-mini-2025-08-07", llm.Usage{InputTokens: 1000, CachedInputTokens: 200, OutputTokens: 100})
	require.True(t, ok)
	require.EqualValues(t, 800*250_000+200*25_000+100*2_000_000, got)
}

func TestUnknownModelHasNoCost(t *testing.T) {
	t.Parallel()
	table, err := price.Builtin()
	require.NoError(t, err)
	for _, name := range []string{"llama3.2:3b", "gpt-5-mini-custom", "my-gpt-4o"} {
		_, ok := table.Cost(name, llm.Usage{InputTokens: 1})
		require.False(t, ok, name)
	}
	got, ok := table.Cost("extractive", llm.Usage{InputTokens: 1000, OutputTokens: 1000})
	require.True(t, ok)
	require.Zero(t, got)
}

func TestTableSaysItsSourceAndVersion(t *testing.T) {
	t.Parallel()
	table, err := price.Builtin()
	require.NoError(t, err)
	require.Regexp(t, `^\d{4}-\d\d-\d\d$`, table.Version)
	require.NotEmpty(t, table.Source)
}

func TestHighestTierOfTheFirstPatternCounts(t *testing.T) {
	t.Parallel()
	table, err := price.Parse([]byte(`{"version": "1", "source": "test", "prices": [
		{"model": "m.*", "input": 1}, {"model": "m.*", "above_input_tokens": 1000, "input": 2}, {"model": "m.*", "above_input_tokens": 100, "input": 3},
		{"model": "m1", "input": 100}]}`))
	require.NoError(t, err)
	for tokens, want := range map[int64]int64{0: 0, 100: 100e6, 101: 303e6, 1000: 3000e6, 1001: 2002e6} {
		got, ok := table.Cost("m1", llm.Usage{InputTokens: tokens})
		require.True(t, ok)
		require.Equal(t, want, got, tokens)
	}
	_, ok := table.Cost("m1", llm.Usage{InputTokens: 1 << 62})
	require.False(t, ok)
}
