package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/sink"
	"github.com/ragline/ragline/consumers/warehouse"
)

func TestProofShowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &cli{out: term.New(&out)}
	c.printProof(sink.Proof{
		Partitions: []sink.Check{
			{Topic: "ragline.spans", To: 10, Records: 10, Rows: 9, Missing: 1, Beside: &sink.Beside{Table: "spans_full", Expected: 4, Rows: 4, Same: true}},
			{Topic: "ragline.scores", Same: true},
			{Topic: "ragline.queries", To: 2, Records: 2, Rows: 2, Same: true, Lag: 3},
		},
		Rollups: []warehouse.Rollup{{Table: "spans", Rows: 9, Summed: 9}},
	}, false)
	require.Equal(t, `topic            partition  offsets  records  rows  raw  missing  doubled  ids    texts  lag
ragline.spans    0          0-10     10       9     0    1        0        WRONG  4 ok   0
ragline.queries  0          0-2      2        2     0    0        0        ok            3
rollup of spans: 9 of 9 rows  ok
12 records, 1 missing, 0 doubled: WRONG
`, out.String())
}

func TestRebuildAndPricesRefuseWhatIsNone(t *testing.T) {
	t.Parallel()
	env := "--env-file=/dev/null"
	_, errs, code := call(t, env, "rebuild", "schema_migrations")
	require.Equal(t, exitUsage, code, errs)
	_, errs, code = call(t, env, "prices", "update", "/nonexistent")
	require.Equal(t, exitUsage, code, errs)
}
