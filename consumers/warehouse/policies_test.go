package warehouse

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

const (
	codeReadOnlyStorage   = 495
	codeNoWritableStorage = 514
)

// startWithUsers starts an engine that reads its access control from a file: libchdb takes config.xml of the folder it
// starts in, which is its data directory. What SQL makes it cannot keep, because it has no storage for it.
func startWithUsers(t *testing.T, users string) *Warehouse {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("<clickhouse>"+text+"</clickhouse>"), 0o600))
	}
	write("config.xml", "<user_directories><users_xml><path>"+filepath.Join(dir, "users.xml")+"</path></users_xml></user_directories>")
	write("users.xml", users)
	engine := enginetest.StartEngine(t, func(c *clickhouse.Config) { c.DataDir = dir })
	return open(t, inDatabase(t, engine.DSN(), "ragline"))
}

// usersFile lets default manage access, and see what a tenant's condition lets it see of each table.
func usersFile(database, condition string, tables ...string) string {
	var filters strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&filters, "<%s><filter>%s</filter></%s>", table, condition, table)
	}
	roles := "<" + roleWriter + "/><" + roleAnalyst + "/><" + roleTenant + "acme/>"
	return "<profiles><default/><" + roleAnalyst + "/></profiles><quotas><default/></quotas><roles>" + roles + "</roles><users><default><password/><networks><ip>::/0</ip></networks>" +
		"<profile>default</profile><quota>default</quota><access_management>1</access_management><databases><" + database + ">" + filters.String() +
		"</" + database + "></databases></default></users>"
}

// The engine itself filters by the condition of a tenant's policy: tables, views over them, and the rollups. And it
// takes every statement of Roles as far as the storage that it does not have.
func TestPoliciesOfATenantFilterTablesViewsAndRollups(t *testing.T) {
	t.Parallel()
	w := startWithUsers(t, usersFile("ragline", ofTenant("acme"), "queries", "spans", "spans_full"))
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	for _, statement := range []string{
		"INSERT INTO queries (event_id, time, tenant, text) VALUES ('a', now64(6), 'acme', 'mine'), ('b', now64(6), 'globex', 'theirs')",
		"INSERT INTO spans (event_id, start_time, tenant, kind) VALUES ('a', now64(9), 'acme', 'llm'), ('b', now64(9), 'globex', 'llm'), ('c', now64(9), 'globex', 'llm')",
	} {
		require.NoError(t, w.exec(t.Context(), w.Database(), statement))
	}
	require.Equal(t, "mine", one(t, w, "SELECT text FROM queries"))
	require.Equal(t, "1", one(t, w, "SELECT count() FROM spans"))
	require.Equal(t, "2", one(t, w, "SELECT count() FROM records"), "one query and one span")
	require.Equal(t, `["acme",1]`, one(t, w, "SELECT (tenant, calls) FROM cost_by_model"))
	require.Equal(t, `["acme",1]`, one(t, w, "SELECT (tenant, spans) FROM spans_per_hour"))

	tables := []string{"queries", "spans"}
	for _, statement := range append(roleStatements("ragline", tables), tenantStatements("ragline", "acme", tables)...) {
		err := w.exec(t.Context(), w.Database(), statement)
		code, _ := Code(err)
		require.Contains(t, []int{codeReadOnlyStorage, codeNoWritableStorage}, code, "%s: %v", statement, err)
	}
}
