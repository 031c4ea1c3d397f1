package sink

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/topic"
)

// journal collects what is logged at warn and above.
type journal struct{ streamtest.Log }

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&j.Log, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (j *journal) entries(t *testing.T) []map[string]any {
	t.Helper()
	var entries []map[string]any
	for line := range strings.Lines(j.String()) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		entries = append(entries, entry)
	}
	return entries
}

func TestOtherLogIsAnErrorOnceAMinuteAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	b, j := setup(t), &journal{}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	clock := now
	b.handled(t, topic.Queries, asked(t, "old", "old", now))
	fresh := &log{topic: topic.Queries}
	fresh.add(asked(t, "new", "new", now))
	s := newSink(config(t), b.store, j.logger(), func() time.Time { return clock })

	for range 3 {
		require.ErrorIs(t, s.HandleBatch(t.Context(), fresh.all()), ErrOtherLog)
		clock = clock.Add(20*time.Second - time.Nanosecond)
	}
	require.Len(t, j.entries(t), 1)
	require.Equal(t, "ERROR", j.entries(t)[0]["level"])
	require.Contains(t, j.entries(t)[0]["remedy"], "CLICKHOUSE_URL")
	require.Contains(t, j.entries(t)[0]["error"], "ragline.queries/0")

	clock = clock.Add(time.Second)
	require.ErrorIs(t, s.HandleBatch(t.Context(), fresh.all()), ErrOtherLog)
	require.Len(t, j.entries(t), 2)
}

func TestFailureThatPassesRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	b, j := setup(t), &journal{}
	s := newSink(config(t), &recording{store: b.store, after: func(_, _ string) error { return errLost }}, j.logger(), time.Now)
	require.ErrorIs(t, s.HandleBatch(t.Context(), mixed(t, 3).all()), errLost)
	require.Empty(t, j.entries(t))
}
