package e2e

import (
	"errors"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/schemas/topic"
)

// requireEngine skips where ClickHouse cannot run.
func (s *system) requireEngine() {
	s.t.Helper()
	_, err := clickhouse.FindLibrary()
	if _, ok := clickhouse.FindServer(); err != nil && !ok {
		if errors.Is(err, clickhouse.ErrUnavailable) {
			s.t.Skipf("no ClickHouse engine here: run `make engine` first (%v)", err)
		}
		require.NoError(s.t, err)
	}
}

// ingestPack publishes the demo's documents.
func (s *system) ingestPack() {
	s.t.Helper()
	out, code := s.ragline("ingest", packDir(s.t)+"/documents")
	require.Equal(s.t, 0, code, out)
}

// analyst opens ClickHouse as everybody may: without a password, read-only.
func (s *system) analyst() *warehouse.Warehouse {
	s.t.Helper()
	w, err := warehouse.Open(warehouse.Config{URL: "http://analyst@" + s.clickhouse + "/ragline", Timeout: minute, MaxConns: 4}, discard)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = w.Close() })
	return w
}

// count is what ClickHouse holds of a topic.
type count struct{ rows, distinct uint64 }

// storedRecords is empty while ClickHouse is on its way up.
func (s *system) storedRecords(w *warehouse.Warehouse) map[string]count {
	stored := map[string]count{}
	topics, err := w.RecordsPerTopic(s.t.Context())
	if err != nil {
		return stored
	}
	for _, t := range topics {
		stored[t.Topic] = count{t.Rows, t.DistinctOffsets}
	}
	return stored
}

func catalogue() []string {
	var names []string
	for _, t := range topic.All() {
		names = append(names, t.Name)
	}
	return names
}
