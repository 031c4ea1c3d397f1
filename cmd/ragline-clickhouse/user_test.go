package main_test

import (
	"net/http"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	engine "github.com/ragline/ragline/deploy/embedded/clickhouse"
)

func TestPasswordIsCheckedWhereverItComesFrom(t *testing.T) {
	t.Parallel()
	a := setup(t)
	nobody := a.as("", "")
	headers := nobody.request(http.MethodGet, query("SELECT 1"), nil)
	headers.Header.Set("X-ClickHouse-User", "default")
	headers.Header.Set("X-ClickHouse-Key", ownerToken)
	require.Equal(t, http.StatusOK, nobody.do(headers).status)
	require.Equal(t, http.StatusOK, nobody.get(query("SELECT 1")+"&user=default&password="+ownerToken).status)

	for _, wrong := range []answer{
		nobody.get(query("SELECT 1")),
		a.as("default", "").get(query("SELECT 1")),
		a.as("default", analystToken).get(query("SELECT 1")),
		a.as("analyst", ownerToken).get(query("SELECT 1")),
		a.as("analyst", "").get(query("SELECT 1")),
		a.as("root", ownerToken).get(query("SELECT 1")),
	} {
		require.Equal(t, "516", wrong.code())
		require.Equal(t, http.StatusForbidden, wrong.status)
	}
}

func TestAnalystReadsOnly(t *testing.T) {
	t.Parallel()
	owner := withTable(t)
	owner.must("INSERT INTO t VALUES (1, 'x')")
	a := owner.as("analyst", analystToken)
	require.Equal(t, "1\tx\n", a.must("SELECT * FROM t"))
	require.Contains(t, a.must("DESCRIBE TABLE t"), "Int32")
	require.Equal(t, "t\n", a.must("SHOW TABLES"))
	for _, sql := range []string{
		"INSERT INTO t VALUES (2, 'y')",
		"CREATE TABLE u (a Int8) ENGINE = Memory",
		"DROP TABLE t",
		"SET readonly = 0",
		"SYSTEM FLUSH LOGS",
		"KILL QUERY WHERE 1 ASYNC",
		"SELECT 1 SETTINGS readonly = 0",
		"SELECT * FROM file('/etc/hostname', 'LineAsString')",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"CREATE TEMPORARY TABLE v (a Int8)",
		"OPTIMIZE TABLE t",
		"ALTER TABLE t DELETE WHERE 1",
	} {
		got := a.post("", sql)
		require.Equal(t, "164", got.code(), "%s: %s", sql, got.body)
	}
	require.Equal(t, "1", owner.count())
}

// readonly=1 leaves these open in libchdb: each of them read a file, or its first line, for the analyst once.
func TestAnalystReadsNoFiles(t *testing.T) {
	t.Parallel()
	a := setup(t).as("analyst", analystToken)
	for _, sql := range []string{
		"SELECT file('/etc/hostname')",
		`SELECT "\x66ile"('/etc/hostname')`,
		"SELECT “file”('/etc/hostname')",
		"SELECT * APPLY(file) FROM (SELECT '/etc/hostname')",
		"SELECT arrayMap(file, ['/etc/hostname'])",
		"EXPLAIN SELECT file('/etc/hostname')",
		"DESCRIBE TABLE file('/etc/hostname', 'CSVWithNames')",
		"DESCRIBE TABLE url('http://127.0.0.1:1/')",
		"EXISTS TABLE `/etc/hostname`",
	} {
		got := a.post("", sql)
		require.Equal(t, "164", got.code(), "%s: %s", sql, got.body)
	}
	require.Equal(t, "164", a.post("param_f=file", "SELECT arrayMap({f:Identifier}, ['/etc/hostname'])").code())
	require.Equal(t, "164", a.post("format_template_resultset=/etc/hostname", "SELECT 1 FORMAT Template").code())
	require.Equal(t, "164", a.post("output_format_schema=/tmp/ragline-never", "SELECT 1 FORMAT Protobuf").code())
	require.Equal(t, "1\n", a.post("max_threads=1", "SELECT 1").body)
}

// clickhouse-go sends settings of its own; they must not stand in an analyst's way.
func TestAnalystMayUseClickhouseGo(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	asOwner(t, e).must(table)
	for name, method := range methods() {
		opts := options(t, e, method)
		opts.Auth.Username, opts.Auth.Password = "analyst", analystToken
		conn, err := clickhouse.Open(opts)
		require.NoError(t, err)
		var n uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n), name)
		require.NoError(t, conn.Close())
	}
}

// The order of settings once let a session of the analyst's create tables.
func TestAnalystCannotLiftTheirLimitsByURL(t *testing.T) {
	t.Parallel()
	a := setup(t).as("analyst", analystToken)
	for _, args := range []string{"readonly=0", "readonly=0&session_id=q", "readonly=2&session_id=q", "session_id=q&max_execution_time=0"} {
		require.Equal(t, "164", a.post(args, "CREATE TABLE u (a Int8) ENGINE = Memory").code(), args)
		require.Equal(t, "164", a.post(args, "SELECT * FROM file('/etc/hostname', 'LineAsString')").code(), args)
	}
	require.Equal(t, "1\n", a.post("readonly=0", "SELECT getSetting('readonly')").body)
	require.Equal(t, "60\n", a.post("max_execution_time=0", "SELECT getSetting('max_execution_time')").body)
}

func TestGetOnlyReads(t *testing.T) {
	t.Parallel()
	a := setup(t)
	got := a.get(query("CREATE TABLE u (a Int8) ENGINE = Memory"))
	require.Equal(t, "164", got.code())
	require.Contains(t, got.body, "POST")
}

func TestOpenEngineReadsWithoutAPassword(t *testing.T) {
	t.Parallel()
	e := start(t, func(cfg *engine.Config) { cfg.OpenReadOnly = true })
	owner := asOwner(t, e)
	owner.must(table)
	for _, a := range []api{owner.as("", ""), owner.as("default", ""), owner.as("analyst", "")} {
		require.Equal(t, "1\n", a.get(query("SELECT 1")).body)
		require.Equal(t, "164", a.post("", "DROP TABLE t").code())
	}
	require.Equal(t, "516", owner.as("default", "wrong").get(query("SELECT 1")).code())
	require.Equal(t, "516", owner.as("root", "").get(query("SELECT 1")).code())
	require.Equal(t, "0", owner.count())
}
