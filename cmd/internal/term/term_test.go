package term_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/term"
)

func TestTextFromTheLogCannotDriveATerminal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[31mred[0m bell", term.Clean("\x1b[31mred\x1b[0m\a bell"))
	require.Equal(t, "ab", term.Clean("a\u202eb"), "marks that reorder text are removed")
	require.Equal(t, "one two", term.Cut("one\n\ttwo", 80))
	require.Equal(t, "abcd…", term.Cut("abcdefgh", 5))
}

func TestTableAlignsColumnsWithoutColourOffATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	term.New(&out).Table([]string{"topic", "rows"}, [][]string{{"queries", "12"}, {"  dlq", "0"}})
	require.Equal(t, "topic    rows\nqueries  12\n  dlq    0\n", out.String())
}
