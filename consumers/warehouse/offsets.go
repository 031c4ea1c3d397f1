package warehouse

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// StoredUpTo returns the highest offset at or after from that any of the tables holds of a partition, or -1.
func (w *Warehouse) StoredUpTo(ctx context.Context, tables []string, topic string, partition int32, from int64) (int64, error) {
	var rows []struct {
		Highest int64 `ch:"highest"`
	}
	err := w.Select(ownWrites(ctx), &rows, "SELECT max(o) AS highest FROM (SELECT toInt64(-1) AS o UNION ALL "+
		offsetsOf(tables, "SELECT max(_offset) AS o", "_offset >= {from:Int64} HAVING count() > 0")+")",
		named("topic", topic), named("partition", partition), named("from", from))
	if err != nil {
		return 0, fmt.Errorf("looking up the last stored offset of %s/%d: %w", topic, partition, err)
	}
	return rows[0].Highest, nil
}

// Stored is a record that ClickHouse has.
type Stored struct {
	Table   string `ch:"t"`
	Offset  int64  `ch:"o"`
	EventID string `ch:"event_id"`
}

// StoredEvents returns by offset what any of the tables holds of a partition within [from, to).
func (w *Warehouse) StoredEvents(ctx context.Context, tables []string, topic string, partition int32, from, to int64) (map[int64]Stored, error) {
	var rows []Stored
	err := w.Select(ownWrites(ctx), &rows, offsetsOf(tables, "SELECT {table} AS t, _offset AS o, event_id", "_offset >= {from:Int64} AND _offset < {to:Int64}"),
		named("topic", topic), named("partition", partition), named("from", from), named("to", to))
	if err != nil {
		return nil, fmt.Errorf("looking up stored offsets of %s/%d: %w", topic, partition, err)
	}
	stored := make(map[int64]Stored, len(rows))
	for _, r := range rows {
		stored[r.Offset] = r
	}
	return stored, nil
}

// Empty says that no record is stored. It needs the views of Migrate.
func (w *Warehouse) Empty(ctx context.Context) (bool, error) {
	var rows []struct {
		N uint64 `ch:"n"`
	}
	if err := w.Select(ownWrites(ctx), &rows, "SELECT count() AS n FROM (SELECT 1 FROM records LIMIT 1)"); err != nil {
		return false, fmt.Errorf("looking for any record: %w", err)
	}
	return rows[0].N == 0, nil
}

func offsetsOf(tables []string, selection, condition string) string {
	parts := make([]string, len(tables))
	for i, table := range tables {
		parts[i] = strings.Replace(selection, "{table}", literal(table), 1) + " FROM " + quote(table) +
			" WHERE _topic = {topic:String} AND _partition = {partition:Int32} AND " + condition
	}
	return strings.Join(parts, " UNION ALL ")
}

func named(name string, value any) driver.NamedValue {
	return clickhouse.Named(name, fmt.Sprint(value))
}

// ownWrites lets a cluster answer from a replica that has all inserts: what is not seen is stored again.
func ownWrites(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"select_sequential_consistency": 1}))
}
