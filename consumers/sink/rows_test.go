package sink

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestEveryTypeHasATable(t *testing.T) {
	t.Parallel()
	tables := newTables()
	require.Len(t, tables.byType, len(event.Definitions()))
	for _, d := range event.Definitions() {
		require.Contains(t, tables.byType, d.Type)
	}
}

// Names, types and order of the columns are checked by ClickHouse as well; this tells what differs.
func TestColumnsAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all := []table{b.tables.rawRecords, b.tables.deadLetters, b.tables.spansFull}
	for _, home := range b.tables.byType {
		all = append(all, home)
	}
	for _, home := range all {
		var have, want []string
		for _, c := range home.block().columns() {
			have = append(have, c.Name+" "+strings.ReplaceAll(string(c.Data.Type()), ", ", ","))
		}
		result, err := b.warehouse.Table(t.Context(), "DESCRIBE TABLE "+home.name())
		require.NoError(t, err)
		for _, row := range result.Rows {
			if warehouse.Cell(row[2]) == "MATERIALIZED" {
				continue // ClickHouse fills it
			}
			want = append(want, warehouse.Cell(row[0])+" "+strings.ReplaceAll(warehouse.Cell(row[1]), ", ", ","))
		}
		require.ElementsMatch(t, want, have, home.name())
	}
}

// The golden records of the contract have every field set, so every column must have a value.
func TestEveryFieldLandsInItsColumn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	logs := map[string]*log{}
	for _, d := range event.Definitions() {
		name := topic.For(d.Type)
		if logs[name] == nil {
			logs[name] = &log{topic: name}
		}
		logs[name].add(golden(t, d.Type))
	}
	for _, l := range logs {
		require.NoError(t, b.HandleBatch(t.Context(), l.all()))
	}
	for _, d := range event.Definitions() {
		home := b.tables.byType[d.Type].name()
		condition := ""
		if slices.Contains([]string{"training_events", "model_events"}, home) {
			condition = " WHERE type = '" + d.Type + "'"
		}
		result, err := b.warehouse.Table(t.Context(), "SELECT * FROM "+home+condition)
		require.NoError(t, err)
		require.Len(t, result.Rows, 1, d.Type)
		if condition == "" {
			requireNothingEmpty(t, home, result)
		}
		requireGolden(t, d.Type+".json", pretty(t, result))
	}
	require.Equal(t, "0", b.one(t, "SELECT count() FROM raw_records"))
	texts, err := b.warehouse.Table(t.Context(), "SELECT * FROM spans_full")
	require.NoError(t, err)
	requireNothingEmpty(t, "spans_full", texts)
	requireGolden(t, "spans_full.json", pretty(t, texts))
}

func requireNothingEmpty(t *testing.T, home string, result *warehouse.Result) {
	t.Helper()
	for i, v := range result.Rows[0] {
		switch name := result.Columns[i]; name {
		case "_partition", "_offset", "deleted":
		default:
			require.NotContains(t, []string{"", "NULL", "0", "false", "[]", "{}", `[""]`}, warehouse.Cell(v), "%s.%s", home, name)
		}
	}
}

func pretty(t *testing.T, result *warehouse.Result) []byte {
	t.Helper()
	var line, out bytes.Buffer
	require.NoError(t, result.WriteJSON(&line))
	require.NoError(t, json.Indent(&out, line.Bytes(), "", "  "))
	return out.Bytes()
}

func requireGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run with -update when the change is meant")
}

func TestProtobufAndJSONGiveTheSameRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fromJSON := golden(t, "span.ended.v1")
	fromJSON.Topic = topic.Spans
	e, err := topic.Decode(fromJSON)
	require.NoError(t, err)
	b.handled(t, topic.Spans, fromJSON, encoded(t, e))
	for _, table := range []string{"spans", "spans_full"} {
		require.Equal(t, "1", b.one(t, "SELECT count() FROM (SELECT DISTINCT * EXCEPT _offset FROM "+table+")"))
		require.Equal(t, "2", b.one(t, "SELECT count() FROM "+table))
	}
}

func TestTombstoneRemovesADocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	changed := golden(t, "document.changed.v1")
	b.handled(t, topic.Documents, changed, event.Record{Key: changed.Key, Timestamp: changed.Timestamp})
	require.Equal(t, "2", b.one(t, "SELECT count() FROM documents"))
	require.Equal(t, `["`+string(changed.Key)+`"]`, b.one(t, "SELECT groupArray(document_id) FROM documents WHERE deleted"))
}

func TestFirstPublishNeedsNoHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handled(t, topic.Queries, event.Record{Value: []byte(`{"text": "hello"}`)})
	require.Equal(t, []string{`{"text":"hello","tenant":"default","same":1,"time":"2026-11-20 09:30:01.000000"}`},
		b.rows(t, "SELECT text, tenant, thread_id = event_id AS same, time FROM queries"))
}
