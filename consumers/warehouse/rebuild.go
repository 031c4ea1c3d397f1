package warehouse

import (
	"context"
	"fmt"
	"strings"
)

// Shadow makes an empty table like table beside it, and returns its name. What was left of an earlier one is dropped.
func (w *Warehouse) Shadow(ctx context.Context, table string) (string, error) {
	shadow := table + "_rebuild"
	if err := w.Drop(ctx, shadow); err != nil {
		return "", err
	}
	if err := w.exec(ctx, w.target.database, "CREATE TABLE "+quote(shadow)+" AS "+quote(table)); err != nil {
		return "", fmt.Errorf("creating %s: %w", shadow, err)
	}
	return shadow, nil
}

// Kept are the rows of a partition that CopyBeyond leaves out: those within Runs and from Until on.
type Kept struct {
	Topic     string
	Partition int32
	Runs      []Run
	Until     int64
}

// CopyBeyond copies the rows of one table into another, without those that are kept.
func (w *Warehouse) CopyBeyond(ctx context.Context, from, to string, kept []Kept) error {
	const settings = " SETTINGS max_partitions_per_insert_block = 0"
	known := make([]string, len(kept))
	for i, k := range kept {
		known[i] = fmt.Sprintf("(%s, %d)", literal(k.Topic), k.Partition)
		condition := fmt.Sprintf("_topic = %s AND _partition = %d AND _offset < %d", literal(k.Topic), k.Partition, k.Until)
		if len(k.Runs) > 0 {
			condition += " AND NOT (" + within(k.Runs) + ")"
		}
		if err := w.copyWhere(ctx, from, to, condition+settings); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		return w.copyWhere(ctx, from, to, "true"+settings)
	}
	return w.copyWhere(ctx, from, to, "(_topic, _partition) NOT IN ("+strings.Join(known, ", ")+")"+settings)
}

func (w *Warehouse) copyWhere(ctx context.Context, from, to, condition string) error {
	err := w.exec(ctx, w.target.database, "INSERT INTO "+quote(to)+" SELECT * FROM "+quote(from)+" WHERE "+condition)
	if err != nil {
		return fmt.Errorf("copying from %s to %s: %w", from, to, err)
	}
	return nil
}

// Exchange swaps two tables at once.
func (w *Warehouse) Exchange(ctx context.Context, a, b string) error {
	if err := w.exec(ctx, w.target.database, "EXCHANGE TABLES "+quote(a)+" AND "+quote(b)); err != nil {
		return fmt.Errorf("exchanging %s and %s: %w", a, b, err)
	}
	return nil
}

// Drop drops a table if it is there.
func (w *Warehouse) Drop(ctx context.Context, table string) error {
	if err := w.exec(ctx, w.target.database, "DROP TABLE IF EXISTS "+quote(table)+" SYNC"); err != nil {
		return fmt.Errorf("dropping %s: %w", table, err)
	}
	return nil
}

// CountRows returns the number of rows of a table.
func (w *Warehouse) CountRows(ctx context.Context, table string) (uint64, error) {
	rows, err := w.sums(ctx, "SELECT count() AS n, toInt64(0) AS tokens FROM "+quote(table))
	if err != nil {
		return 0, fmt.Errorf("counting rows of %s: %w", table, err)
	}
	return rows.N, nil
}
