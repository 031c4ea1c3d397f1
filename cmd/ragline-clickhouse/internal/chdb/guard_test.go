package chdb_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
)

// guardStory looks for a text in which the engine sees a call of file() and the guard does not:
// quotes, comments and odd characters around it, put together at random.
func guardStory(t *testing.T, conn *chdb.Conn) {
	pieces := strings.Split(`' ' ' " `+"`"+` \ -- /* */ # #! // $ $$ $a$ “ ” ‘ ’ − 1 a '' x' b' - 1e 0x _ '''' \' [ ] ( ) , + :: -> @@ ~ ? 1_0`, " ")
	pieces = append(pieces, "\n", "\n", "\t", " ", "\u00a0", "\x00", "\r", "# ", "''\n'")
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() string {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	calls := 0
	for range 40_000 {
		sql := "SELECT 1 " + noise() + "\n, file('x') " + noise()
		passed := statement.Offence(sql, nil) == ""
		if !passed && random.IntN(20) != 0 {
			continue // a few of the refused ones show that there are calls to find
		}
		res, err := conn.Query("EXPLAIN AST "+sql, "TSVRaw", nil)
		if err != nil {
			continue
		}
		if strings.Contains(string(res.Bytes()), "Function file") {
			calls++
			require.False(t, passed, "%q", sql)
		}
		res.Close()
	}
	require.Positive(t, calls)
}
