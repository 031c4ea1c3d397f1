package statement_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
)

func TestNothingFollowsTheSemicolonOfValues(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]error{
		"(1, 'a'), (2, 'b')":       nil,
		"(1, 'a;b'); \n":           nil,
		`(1, 'it''s; \'; ') ;`:     nil,
		"(1, 'a'); DROP TABLE t":   statement.ErrAfterSemicolon,
		`(1, 'a\\'); (2, 'b')`:     statement.ErrAfterSemicolon,
		"(1, 'a''');DROP TABLE t;": statement.ErrAfterSemicolon,
	} {
		got, err := io.ReadAll(iotest.OneByteReader(statement.NewValuesReader(strings.NewReader(data))))
		require.ErrorIs(t, err, want, data)
		if want == nil {
			require.Equal(t, data, string(got))
		}
	}
}
