package statement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
)

func TestReadersOfFilesAreSeenHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT file('/etc/passwd')",
		"SELECT FILE ('/etc/passwd')",
		"SELECT file/* */('/etc/passwd')",
		"SELECT file -- x\n('/etc/passwd')",
		"SELECT `file`('/etc/passwd')",
		`SELECT "file"('/etc/passwd')`,
		`SELECT "\x66ile"('/etc/passwd')`,
		"SELECT “file”('/etc/passwd')",
		"SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
		"SELECT * APPLY file FROM (SELECT '/etc/passwd')",
		"SELECT arrayMap(file, ['/etc/passwd'])",
		"SELECT catboostEvaluate('/etc/passwd', 1)",
		"EXPLAIN SELECT file('/etc/passwd')",
		"DESCRIBE file('/etc/passwd')",
		"DESCRIBE TABLE url('http://127.0.0.1/')",
		"DESC `url`('http://127.0.0.1/')",
		"EXISTS `/etc/passwd`",
		"EXISTS {x:Identifier}",
		// What hides a word from a lexer that reads differently from the engine's:
		"SELECT 1 // it's\n, file('/etc/passwd') // it's",
		"SELECT 1 # it's\n, file('/etc/passwd') # it's",
		"SELECT 1 /* /* */ ' */, file('/etc/passwd') --'",
		"SELECT ‘it's’, file('/etc/passwd'), ‘it's’",
		"SELECT a$b$ ' $b$, file('/etc/passwd') --'",
		"SELECT $x$ ' $x$, file('/etc/passwd') --'",
		"SELECT 'it''s', file('/etc/passwd')",
		`SELECT 'it\'s', file('/etc/passwd')`,
		"SELECT 1\x00'\x00, file('/etc/passwd') --'",
	} {
		require.NotEmpty(t, statement.Offence(sql, nil), sql)
	}
}

func TestOrdinaryQuestionsAreNoOffence(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT count() FROM answers WHERE text LIKE '%file(%' AND text != 'Größe $1'",
		"SELECT filename, t.files, profile FROM t ORDER BY a DESC, max(b)",
		"SELECT avg(x) AS \"Mittlere Größe\" FROM t",
		"DESCRIBE TABLE db.t",
		"DESCRIBE (SELECT max(a) FROM t)",
		"DESC TABLE (SELECT 1)",
		"EXISTS TABLE t",
		"SHOW TABLES",
		"SELECT a / b FROM t WHERE {x:UInt8} = 1",
	} {
		require.Empty(t, statement.Offence(sql, nil), sql)
	}
}

func TestIdentifierParametersCannotNameAReader(t *testing.T) {
	t.Parallel()
	const sql = "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])"
	for _, value := range []string{"file", "`file`", `\x66ile`, " file "} {
		require.NotEmpty(t, statement.Offence(sql, map[string]string{"f": value}), value)
	}
	require.Empty(t, statement.Offence(sql, map[string]string{"f": "upper"}))
	require.Empty(t, statement.Offence("SELECT {s:String}", map[string]string{"s": `file\n`}))
}
