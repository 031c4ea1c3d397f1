package warehouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Retention says how long rows of some tables are kept. A table that it does not name keeps them for ever.
type Retention map[string]int // days

const maxRetentionDays = 36_500

// UnmarshalText reads "spans_full=30d, spans=400d".
func (r *Retention) UnmarshalText(text []byte) error {
	const want = "want a list such as spans_full=30d,answer_chunks=7d"
	list := Retention{}
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		table, term, _ := strings.Cut(entry, "=")
		days, err := strconv.Atoi(strings.TrimSuffix(term, "d"))
		if err != nil || !strings.HasSuffix(term, "d") || days < 1 || days > maxRetentionDays {
			return fmt.Errorf("RAGLINE_CLICKHOUSE_RETENTION has %q: %s", entry, want)
		}
		list[table] = days
	}
	*r = list
	return nil
}

// timeColumn is the column that the rows of a table age by: that of its partitions.
func timeColumn(table string) string {
	if strings.HasPrefix(table, "spans") {
		return "start_time"
	}
	return "time"
}

// Retained returns for each table with a retention the time before which rows may be gone.
func (w *Warehouse) Retained(now time.Time) map[string]time.Time {
	since := map[string]time.Time{}
	for table, days := range w.cfg.Retention {
		since[table] = now.AddDate(0, 0, -days)
	}
	return since
}

// retain gives the tables their TTL. Whole parts are dropped, once all of their rows are old enough.
func (w *Warehouse) retain(ctx context.Context) (applied []string, err error) {
	var tables []struct {
		Name  string `ch:"name"`
		Query string `ch:"create_table_query"`
	}
	err = w.Select(ctx, &tables, "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("reading the tables' retention: %w", err)
	}
	known := map[string]bool{}
	for _, t := range tables {
		known[t.Name] = true
		has := strings.Contains(t.Query, " TTL ")
		days, wanted := w.cfg.Retention[t.Name]
		ttl := fmt.Sprintf("toDateTime(%s) + toIntervalDay(%d)", timeColumn(t.Name), days)
		var changes []string
		switch {
		case wanted && !strings.Contains(t.Query, " TTL "+ttl):
			changes = []string{"MODIFY SETTING ttl_only_drop_parts = 1", "MODIFY TTL " + ttl}
		case !wanted && has:
			changes = []string{"REMOVE TTL"}
		default:
			continue
		}
		for _, change := range changes {
			if err := w.exec(ctx, w.target.database, "ALTER TABLE "+quote(t.Name)+" "+change); err != nil {
				return applied, fmt.Errorf("changing the retention of %s: %w", t.Name, err)
			}
		}
		applied = append(applied, "retention of "+t.Name)
	}
	for table := range w.cfg.Retention {
		if !known[table] {
			return applied, fmt.Errorf("RAGLINE_CLICKHOUSE_RETENTION names %q, but there is no such table", table)
		}
	}
	return applied, nil
}
