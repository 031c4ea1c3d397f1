package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestSpansInClickHouseAreCountedByTheHourEachOnce(t *testing.T) {
	t.Parallel()
	url := strings.TrimSuffix(enginetest.Start(t), "/default") + "/ragline"
	cfg, err := env.ParseAsWithOptions[warehouse.Config](env.Options{Environment: map[string]string{"CLICKHOUSE_URL": url}})
	require.NoError(t, err)
	w, err := warehouse.Open(cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer w.Close()
	_, err = w.Migrate(t.Context())
	require.NoError(t, err)
	_, err = w.Table(t.Context(), `INSERT INTO spans (tenant, trace_id, span_id, start_time) VALUES
		('a', 't', '1', '2026-01-02 03:59:59.999999999'), ('a', 't', '2', '2026-01-02 04:00:00'), ('a', 't', '2', '2026-01-02 04:00:00'), ('a', 't', '3', '2026-01-02 05:00:00')`)
	require.NoError(t, err)

	var out, said bytes.Buffer
	c := &cli{out: term.New(&out), err: term.New(&said), cfg: app.Config{ClickHouse: cfg}}
	counts := []exporter.Count{
		{Hour: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), Log: 1, Backends: map[string]int64{}},
		{Hour: time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), Log: 2, Backends: map[string]int64{"langfuse": 2}},
	}
	require.NoError(t, c.countStored(t.Context(), counts))
	require.EqualValues(t, 1, counts[0].Backends[inClickHouse])
	require.EqualValues(t, 1, counts[1].Backends[inClickHouse])
	require.False(t, different(counts[0]))
	require.True(t, different(counts[1]))
	c.printCounts(counts)
	require.Contains(t, out.String(), "1 (-1)")
}

func TestTimesAreDatesTimesOrAgo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-01-02": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "2026-01-02T03:04:05Z": began, "": {},
	} {
		at, err := parseTime(text, time.Now())
		require.NoError(t, err)
		require.True(t, want.Equal(at), text)
	}
	at, err := parseTime("48h", began)
	require.NoError(t, err)
	require.True(t, began.Add(-48*time.Hour).Equal(at))
	_, err = parseTime("yesterday", began)
	require.ErrorContains(t, err, "yesterday")
}

func TestALongMonthCanBeReconciled(t *testing.T) {
	t.Parallel()
	now := began
	first, last, err := reconciled("744h", "0s", now)
	require.NoError(t, err)
	require.Equal(t, 31*24*time.Hour, last.Sub(first))
	_, _, err = reconciled("745h", "0s", now)
	require.ErrorContains(t, err, "31 days")
	_, _, err = reconciled("1h", "2h", now)
	require.ErrorContains(t, err, "31 days")
}
