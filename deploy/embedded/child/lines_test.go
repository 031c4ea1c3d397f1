package child

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesAreWholeHoweverTheyArrive(t *testing.T) {
	t.Parallel()
	var got []string
	w := &lineWriter{emit: func(line string) { got = append(got, line) }}
	for _, part := range []string{"on", "e\r\ntwo\nthr", "ee"} {
		n, err := w.Write([]byte(part))
		require.NoError(t, err)
		require.Len(t, part, n)
	}
	w.Flush()
	require.Equal(t, []string{"one", "two", "three"}, got)
}

func TestEndlessLineIsCut(t *testing.T) {
	t.Parallel()
	lines := 0
	w := &lineWriter{emit: func(string) { lines++ }}
	_, _ = w.Write([]byte(strings.Repeat("x", maxLine+1)))
	require.Equal(t, 1, lines)
	require.Empty(t, w.buf)
}
