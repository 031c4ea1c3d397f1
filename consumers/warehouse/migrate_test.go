package warehouse

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/clickhouse"
)

func TestMigrationIsAppliedOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, err := w.Migrate(t.Context())
	require.NoError(t, err)
	files, err := fs.Glob(clickhouse.Files, "*/*.sql")
	require.NoError(t, err)
	require.ElementsMatch(t, files, first)

	second, err := w.Migrate(t.Context())
	require.NoError(t, err)
	require.Empty(t, second)
	applied, err := w.Applied(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, files, applied)
}

func TestMigrationGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	// As after a crash between a statement and its entry in the journal.
	require.NoError(t, w.exec(t.Context(), w.Database(), "TRUNCATE TABLE schema_migrations"))
	again, err := w.Migrate(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, again)
}

func TestEditedMigrationIsDrift(t *testing.T) {
	t.Parallel()
	w := setup(t)
	files := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte("CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;\n")},
		"views/v.sql":           {Data: []byte("CREATE OR REPLACE VIEW v AS SELECT 1 AS one;\n")},
	}
	_, err := w.migrate(t.Context(), files)
	require.NoError(t, err)

	files["migrations/0001_a.sql"].Data = []byte("CREATE TABLE IF NOT EXISTS a (x UInt16) ENGINE = MergeTree ORDER BY x;\n")
	_, err = w.migrate(t.Context(), files)
	require.ErrorIs(t, err, ErrDrift)
	require.ErrorContains(t, err, "migrations/0001_a.sql")
}

func TestMigrationBehindTheLastIsRefused(t *testing.T) {
	t.Parallel()
	have := script{file: "migrations/0002_b.sql", checksum: "b"}
	_, err := plan([]script{{file: "migrations/0001_a.sql"}, have}, nil, map[string]string{have.file: "b"})
	require.ErrorIs(t, err, ErrOutOfOrder)
	require.ErrorContains(t, err, "migrations/0001_a.sql")
}

func TestNewerDatabaseIsAccepted(t *testing.T) {
	t.Parallel()
	have := script{file: "migrations/0001_a.sql", checksum: "a"}
	todo, err := plan([]script{have}, nil, map[string]string{have.file: "a", "migrations/0002_b.sql": "b"})
	require.NoError(t, err)
	require.Empty(t, todo)
}

func TestChangedViewIsReplaced(t *testing.T) {
	t.Parallel()
	w := setup(t)
	files := fstest.MapFS{"views/v.sql": {Data: []byte("CREATE OR REPLACE VIEW v AS SELECT 1 AS n;\n")}}
	_, err := w.migrate(t.Context(), files)
	require.NoError(t, err)
	files["views/v.sql"].Data = []byte("CREATE OR REPLACE VIEW v AS SELECT 2 AS n;\n")
	applied, err := w.migrate(t.Context(), files)
	require.NoError(t, err)
	require.Equal(t, []string{"views/v.sql"}, applied)
	result, err := w.Table(t.Context(), "SELECT n FROM v")
	require.NoError(t, err)
	require.Equal(t, "2", Cell(result.Rows[0][0]))
}

func TestBrokenMigrationNamesFileAndCode(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.migrate(t.Context(), fstest.MapFS{"migrations/0001_a.sql": {Data: []byte("CREATE TABLE a (x Nonsense) ENGINE = Memory;\n")}})
	require.ErrorContains(t, err, "0001_a.sql")
	code, ok := Code(err)
	require.True(t, ok)
	require.Equal(t, 50, code)
}

// The promise of the schema, whatever a later migration adds.
func TestEveryTableIsReadyForTheSink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)

	bare, err := w.Table(t.Context(), "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''")
	require.NoError(t, err)
	require.Empty(t, bare.Rows, "columns without a comment")

	bare, err = w.Table(t.Context(), "SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''")
	require.NoError(t, err)
	require.Empty(t, bare.Rows, "tables and views without a comment")

	unsafe, err := w.Table(t.Context(), "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' "+
		"AND name != 'schema_migrations' AND (create_table_query NOT LIKE '%non_replicated_deduplication_window = 100000%' "+
		"OR create_table_query NOT LIKE '%fsync_after_insert%' OR create_table_query NOT LIKE '%fsync_part_directory%')")
	require.NoError(t, err)
	require.Empty(t, unsafe.Rows, "tables that may store a block twice or lose it with the power")

	incomplete, err := w.Table(t.Context(), "SELECT table, count() AS n FROM system.columns WHERE database = currentDatabase() AND name IN "+
		"('event_id', 'time', 'tenant', 'source', '_topic', '_partition', '_offset') AND table IN (SELECT name FROM system.tables "+
		"WHERE database = currentDatabase() AND engine = 'MergeTree' AND name NOT IN ('schema_migrations', 'prices')) GROUP BY table HAVING n != 7")
	require.NoError(t, err)
	require.Empty(t, incomplete.Rows, "tables without envelope or position")

	unproved, err := w.Table(t.Context(), "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MergeTree' "+
		"AND name NOT IN ('schema_migrations', 'spans_full', 'prices') AND position((SELECT create_table_query FROM system.tables WHERE database = currentDatabase() "+
		"AND name = 'records'), concat('\\'', name, '\\'')) = 0")
	require.NoError(t, err)
	require.Empty(t, unproved.Rows, "tables that the view records leaves out")
}
