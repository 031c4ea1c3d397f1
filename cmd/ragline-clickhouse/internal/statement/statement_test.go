package statement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
)

func TestInsertIsCutWhereItsDataBegins(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct{ head, format, data string }{
		"INSERT INTO t FORMAT TSV\n1\t2\n\nDROP TABLE t":              {"INSERT INTO t ", "TSV", "1\t2\n\nDROP TABLE t"},
		"insert into t (a, b) format JSONEachRow {\"a\":1}":           {"insert into t (a, b) ", "JSONEachRow", "{\"a\":1}"},
		"INSERT INTO db.t (a) SETTINGS x='FORMAT', y=1 FORMAT Native": {"INSERT INTO db.t (a) SETTINGS x='FORMAT', y=1 ", "Native", ""},
		"INSERT INTO t VALUES (1,'FORMAT x')":                         {"INSERT INTO t ", "Values", " (1,'FORMAT x')"},
		"INSERT INTO t (a) FORMAT Values (1)":                         {"INSERT INTO t (a) ", "Values", " (1)"},
		"INSERT INTO values VALUES (1)":                               {"INSERT INTO values ", "Values", " (1)"},
		"INSERT INTO format.values FORMAT CSV\r\n1":                   {"INSERT INTO format.values ", "CSV", "1"},
		"INSERT INTO TABLE FUNCTION file('x', 'CSV') VALUES (1)":      {"INSERT INTO TABLE FUNCTION file('x', 'CSV') ", "Values", " (1)"},
		"INSERT INTO {t:Identifier} (a) FORMAT CSV;\n1":               {"INSERT INTO {t:Identifier} (a) ", "CSV", "1"},
		"INSERT INTO `a``FORMAT x` VALUES":                            {"INSERT INTO `a``FORMAT x` ", "Values", ""},
		"-- FORMAT c\n/* VALUES /* */ */INSERT INTO t VALUES(1)":      {"-- FORMAT c\n/* VALUES /* */ */INSERT INTO t ", "Values", "(1)"},
	} {
		s := statement.Parse(sql)
		require.NotNil(t, s.Insert, sql)
		require.Equal(t, want.head, s.Insert.Head, sql)
		require.Equal(t, want.format, s.Format, sql)
		require.Equal(t, want.data, sql[s.Insert.Data:], sql)
	}
}

func TestInsertFromAQueryTakesNoData(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"INSERT INTO t SELECT 1",
		"INSERT INTO t (a) SELECT a FROM x FORMAT Null",
		"INSERT INTO t (SELECT 1)",
		"INSERT INTO t WITH 1 AS x SELECT x",
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV",
		"INSERT INTO t (a)",
		"SELECT 'INSERT INTO t VALUES'",
		"",
	} {
		require.Nil(t, statement.Parse(sql).Insert, sql)
	}
}

func TestTrailingFormatClauseIsFound(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1":                                   "",
		"SELECT 1 FORMAT JSON":                       "JSON",
		"SELECT 1 format CSV;":                       "CSV",
		"SELECT 1 FORMAT CSV -- done":                "CSV",
		"SELECT 1 FORMAT CSV SETTINGS max_threads=1": "CSV",
		"SELECT 1 SETTINGS max_threads=1 FORMAT CSV": "CSV",
		"SELECT format FROM t":                       "",
		"SELECT 'FORMAT JSON'":                       "",
		"SELECT (1 AS format x)":                     "",
		"SELECT $$ FORMAT CSV $$":                    "",
		"SELECT 'it''s \\' FORMAT CSV":               "",
		"SHOW TABLES FORMAT JSON":                    "JSON",
	} {
		require.Equal(t, want, statement.Parse(sql).Format, sql)
	}
}

func TestOnlyPlainSelectsStream(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"SELECT 1":                                        true,
		"WITH 1 AS x SELECT x":                            true,
		"WITH 1 AS x INSERT INTO t SELECT x":              false,
		"SELECT a, count() FROM t GROUP BY a WITH TOTALS": false,
		"SHOW TABLES":                                     false,
		"EXPLAIN SELECT 1":                                false,
	} {
		require.Equal(t, want, statement.Parse(sql).Streams("Native"), sql)
	}
	require.False(t, statement.Parse("SELECT 1").Streams("JSON"))
}

func TestIntoOutfileIsSeen(t *testing.T) {
	t.Parallel()
	require.True(t, statement.Parse("SELECT 1 INTO OUTFILE 'x'").IntoOutfile)
	require.False(t, statement.Parse("SELECT 'INTO OUTFILE'").IntoOutfile)
}
