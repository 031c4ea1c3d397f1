package genai_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
)

func TestAmountsAreExactDollars(t *testing.T) {
	t.Parallel()
	for pico, want := range map[int64]string{
		0: "0", 1: "0.000000000001", 1_250_000_000: "0.00125", 1_000_000_000_000: "1", 10_000_000_000_000: "10", -2_500_000_000_000: "-2.5", 9_223_372_036_854_775_807: "9223372.036854775807",
		-9_223_372_036_854_775_808: "-9223372.036854775808",
	} {
		require.Equal(t, want, genai.USD(pico))
	}
}
