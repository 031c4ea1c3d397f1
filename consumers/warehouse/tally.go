package warehouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

// Source is a table to count in. Rows from before Since are left out, because the table's retention may have taken
// them.
type Source struct {
	Table string
	Since time.Time
}

// Run is a range of offsets, To excluded.
type Run struct{ From, To int64 }

// Tally sums up the rows of a partition. Hash is the exclusive or of TallyHash.
type Tally struct {
	Rows     uint64 `ch:"n"`
	Distinct uint64 `ch:"d"`
	Hash     uint64 `ch:"h"`
}

// TallyHash is the hash of a row.
func TallyHash(offset int64, eventID string) uint64 {
	return xxh3.HashString(strconv.FormatInt(offset, 10) + ":" + eventID)
}

// Tally counts the rows of a partition that lie within one of the runs, over all sources.
func (w *Warehouse) Tally(ctx context.Context, sources []Source, topic string, partition int32, runs []Run) (Tally, error) {
	if len(runs) == 0 || len(sources) == 0 {
		return Tally{}, nil
	}
	parts := make([]string, len(sources))
	for i, s := range sources {
		parts[i] = fmt.Sprintf("SELECT _offset AS o, xxh3(concat(toString(_offset), ':', event_id)) AS x FROM %s "+
			"WHERE _topic = {topic:String} AND _partition = {partition:Int32} AND %s%s", quote(s.Table), within(runs), s.since())
	}
	var rows []Tally
	err := w.Select(ownWrites(ctx), &rows, "SELECT count() AS n, uniqExact(o) AS d, groupBitXor(x) AS h FROM ("+strings.Join(parts, " UNION ALL ")+")",
		named("topic", topic), named("partition", partition))
	if err != nil {
		return Tally{}, fmt.Errorf("counting rows of %s/%d: %w", topic, partition, err)
	}
	return rows[0], nil
}

func (s Source) since() string {
	if s.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf(" AND %s >= toDateTime64(%d, 6, 'UTC')", timeColumn(s.Table), s.Since.Unix())
}

// within is a condition on _offset. The first comparison lets the index work.
func within(runs []Run) string {
	first, last := runs[0].From, runs[len(runs)-1].To
	condition := fmt.Sprintf("_offset >= %d AND _offset < %d", first, last)
	if len(runs) == 1 {
		return condition
	}
	from, to := make([]string, len(runs)), make([]string, len(runs))
	for i, r := range runs {
		from[i], to[i] = strconv.FormatInt(r.From, 10), strconv.FormatInt(r.To, 10)
	}
	return fmt.Sprintf("%s AND arrayExists((a, b) -> _offset >= a AND _offset < b, [%s], [%s])", condition, strings.Join(from, ","), strings.Join(to, ","))
}

// Rollup compares a rollup with the rows that it sums up.
type Rollup struct {
	Table  string `json:"table"`
	Rows   uint64 `json:"rows" ch:"rows"`
	Summed uint64 `json:"summed" ch:"summed"`
	// Tokens of the rows and of the rollup; 0 for a table without.
	Tokens       int64 `json:"tokens" ch:"tokens"`
	TokensSummed int64 `json:"tokens_summed" ch:"tokens_summed"`
}

// Equal says that the rollup is right.
func (r Rollup) Equal() bool { return r.Rows == r.Summed && r.Tokens == r.TokensSummed }

// Rollups compares the rollup of each table that has one with its rows.
func (w *Warehouse) Rollups(ctx context.Context) ([]Rollup, error) {
	var all []Rollup
	for _, r := range []struct{ table, tokens, time string }{
		{"spans", "sum(input_tokens)", "start_time"}, {"answers", "sum(input_tokens)", "time"}, {"scores", "toInt64(0)", "time"},
	} {
		// The first column is read from the rows: the projection is switched off for it.
		rows, err := w.sums(ctx, fmt.Sprintf("SELECT count() AS n, %s AS tokens FROM %s SETTINGS optimize_use_projections = 0, optimize_trivial_count_query = 0", r.tokens, r.table))
		if err != nil {
			return nil, fmt.Errorf("counting rows of %s: %w", r.table, err)
		}
		summed, err := w.sums(ctx, fmt.Sprintf("SELECT sum(n) AS n, sum(tokens) AS tokens FROM (SELECT toStartOfMinute(%s) AS minute, count() AS n, %s AS tokens FROM %s GROUP BY minute)", r.time, r.tokens, r.table))
		if err != nil {
			return nil, fmt.Errorf("reading the rollup of %s: %w", r.table, err)
		}
		all = append(all, Rollup{r.table, rows.N, summed.N, rows.Tokens, summed.Tokens})
	}
	return all, nil
}

type sums struct {
	N      uint64 `ch:"n"`
	Tokens int64  `ch:"tokens"`
}

func (w *Warehouse) sums(ctx context.Context, query string) (sums, error) {
	var rows []sums
	err := w.Select(ctx, &rows, query)
	if err != nil || len(rows) == 0 {
		return sums{}, err
	}
	return rows[0], nil
}
