package sink

import (
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(runChild())
	}
	goleak.VerifyTestMain(m)
}

// bundle is a sink on a real engine.
type bundle struct {
	*Sink
	warehouse *warehouse.Warehouse
	address   string
}

func setup(t testing.TB) bundle {
	t.Helper()
	return setupAt(t, enginetest.Start(t))
}

func setupAt(t testing.TB, address string) bundle {
	t.Helper()
	b := open(t, address)
	_, err := b.warehouse.Migrate(t.Context())
	require.NoError(t, err)
	return b
}

// open is setupAt without tables.
func open(t testing.TB, address string) bundle {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	w, err := warehouse.Open(warehouseConfig(t, address), logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return bundle{New(config(t), w, logger), w, address}
}

func warehouseConfig(t testing.TB, address string) warehouse.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[warehouse.Config](env.Options{Environment: map[string]string{"CLICKHOUSE_URL": address}})
	require.NoError(t, err)
	return cfg
}

func config(t testing.TB) Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	return cfg
}

// rows runs a query and returns each row as one line of JSON.
func (b bundle) rows(t testing.TB, sql string) []string {
	t.Helper()
	result, err := b.warehouse.Table(t.Context(), sql)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, result.WriteJSON(&out))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func (b bundle) one(t testing.TB, sql string) string {
	t.Helper()
	result, err := b.warehouse.Table(t.Context(), sql)
	require.NoError(t, err)
	require.Len(t, result.Rows, 1)
	return warehouse.Cell(result.Rows[0][0])
}

// log is a topic partition in memory.
type log struct {
	topic   string
	records []event.Record
}

func (l *log) add(records ...event.Record) {
	for _, r := range records {
		r.Topic, r.Offset = l.topic, int64(len(l.records))
		if r.Timestamp.IsZero() {
			r.Timestamp = time.Date(2026, 11, 20, 9, 30, 1, 0, time.UTC)
		}
		l.records = append(l.records, r)
	}
}

func (l *log) batch(from, to int, replayed bool) stream.Batch {
	return stream.Batch{Topic: l.topic, From: int64(from), To: int64(to), Records: l.records[from:to], Replayed: replayed}
}

func (l *log) all() stream.Batch { return l.batch(0, len(l.records), false) }

// handled stores records of one topic, as one batch.
func (b bundle) handled(t testing.TB, name string, records ...event.Record) *log {
	t.Helper()
	l := &log{topic: name}
	l.add(records...)
	require.NoError(t, b.HandleBatch(t.Context(), l.all()))
	return l
}

func encoded(t testing.TB, e event.Event) event.Record {
	t.Helper()
	r, err := topic.Encode(e)
	require.NoError(t, err)
	return r
}

// golden returns the contract's golden record of a type.
func golden(t testing.TB, typ string) event.Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "schemas", "event", "testdata", typ+".json"))
	require.NoError(t, err)
	var file struct {
		Headers map[string]string
		Key     string
		Value   json.RawMessage
	}
	require.NoError(t, json.Unmarshal(data, &file))
	r := event.Record{Key: []byte(file.Key), Value: file.Value}
	for k, v := range file.Headers {
		r.Headers = append(r.Headers, event.Header{Key: k, Value: []byte(v)})
	}
	return r
}

func ask(text string) *event.QueryAsked { return &event.QueryAsked{Text: text, ThreadId: "thread"} }

func asked(t testing.TB, id, text string, at time.Time) event.Record {
	t.Helper()
	return encoded(t, event.Event{
		ID: id, Type: event.TypeOf(ask("")), Source: "test", Tenant: "acme", Time: at, Data: ask(text),
	})
}
