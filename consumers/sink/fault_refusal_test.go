package sink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refusal is a state in which ClickHouse itself refuses inserts, and how it ends.
type refusal struct {
	name, error string
	begin, end  []string
}

// ClickHouse refuses for a while: the sink waits, skips nothing, and stores the rest once it may.
func TestRefusedInsertsAreStoredOnceClickHouseTakesThem(t *testing.T) {
	t.Parallel()
	for _, r := range []refusal{
		{
			name: "too many parts", error: "TOO_MANY_PARTS",
			begin: []string{"SYSTEM STOP MERGES", "ALTER TABLE queries MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1"},
			end:   []string{"ALTER TABLE queries RESET SETTING parts_to_throw_insert, parts_to_delay_insert", "SYSTEM START MERGES"},
		},
		{
			name: "disk full", error: "NOT_ENOUGH_SPACE",
			begin: []string{"ALTER TABLE queries MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000"},
			end:   []string{"ALTER TABLE queries RESET SETTING min_free_disk_bytes_to_perform_insert"},
		},
		{
			name: "table gone", error: "UNKNOWN_TABLE",
			begin: []string{"RENAME TABLE queries TO queries_away"},
			end:   []string{"RENAME TABLE queries_away TO queries"},
		},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			b, k := setup(t), newKafka(t)
			startSink(t, k.Broker, b.address, "none 1 KILL")
			k.publish(t, 100)
			b.awaitRows(t, 100)
			for _, statement := range r.begin {
				b.run(t, statement)
			}
			k.publish(t, 100)
			require.Eventually(t, func() bool {
				return b.one(t, "SELECT count() FROM system.errors WHERE name = '"+r.error+"' AND value > 1") == "1"
			}, waitLong, 20*time.Millisecond)
			for _, statement := range r.end {
				b.run(t, statement)
			}
			b.awaitProof(t, k, 200)
		})
	}
}
