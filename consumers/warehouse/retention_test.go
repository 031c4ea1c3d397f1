package warehouse

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetentionIsReadAndRefusedByName(t *testing.T) {
	t.Parallel()
	var r Retention
	require.NoError(t, r.UnmarshalText([]byte(" spans_full=30d, spans=400d,")))
	require.Equal(t, Retention{"spans_full": 30, "spans": 400}, r)
	for _, bad := range []string{"spans", "spans=30", "spans=0d", "spans=xd", "spans=-1d", "spans=99999d"} {
		require.ErrorContains(t, r.UnmarshalText([]byte(bad)), "RAGLINE_CLICKHOUSE_RETENTION", bad)
	}
}

func TestRetentionIsSetChangedAndTakenAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	ttl := func() string {
		return one(t, w, "SELECT extract(create_table_query, 'TTL (.+) SETTINGS') FROM system.tables WHERE database = currentDatabase() AND name = 'spans_full'")
	}
	require.Empty(t, ttl())

	w.cfg.Retention = Retention{"spans_full": 30, "queries": 7}
	applied, err := w.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"retention of queries", "retention of spans_full"}, applied)
	require.Equal(t, "toDateTime(start_time) + toIntervalDay(30)", ttl())
	applied, err = w.Migrate(t.Context())
	require.NoError(t, err)
	require.Empty(t, applied)

	require.NoError(t, w.exec(t.Context(), w.Database(), "INSERT INTO queries (event_id, time) VALUES ('old', '2020-01-01 00:00:00'), ('new', now64(6))"))
	require.NoError(t, w.exec(t.Context(), w.Database(), "OPTIMIZE TABLE queries FINAL"))
	require.Equal(t, "new", one(t, w, "SELECT event_id FROM queries"))
	since := w.Retained(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	require.Equal(t, time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC), since["queries"])

	w.cfg.Retention = nil
	applied, err = w.Migrate(t.Context())
	require.NoError(t, err)
	require.Len(t, applied, 2)
	require.Empty(t, ttl())

	w.cfg.Retention = Retention{"spnas": 1}
	_, err = w.Migrate(t.Context())
	require.ErrorContains(t, err, `"spnas"`)
}
