package warehouse

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// serverEnv is the address of a ClickHouse server for tests, with a user that has access management.
const serverEnv = "RAGLINE_TEST_CLICKHOUSE_URL"

func TestRolesAreSoundSQL(t *testing.T) {
	t.Parallel()
	w := open(t, enginetest.Start(t))
	statements := append(roleStatements("ragline", []string{"spans"}), tenantStatements("ragline", "acme", []string{"spans", "queries"})...)
	for _, statement := range statements {
		result, err := w.Table(t.Context(), "SELECT formatQuery("+literal(statement)+") AS f")
		require.NoError(t, err, statement)
		require.NotEmpty(t, result.Rows)
	}
	require.Contains(t, strings.Join(statements, "\n"), "USING tenant = 'acme' TO `ragline_tenant_acme`")
}

func TestEmbeddedEngineSaysThatItHasNoUsers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, w.Roles(t.Context()), ErrNoUsers)
	require.ErrorContains(t, w.Roles(t.Context(), "a'b"), "tenant")
}

func TestTenantSeesItsRowsOnly(t *testing.T) {
	t.Parallel()
	if os.Getenv(serverEnv) == "" {
		t.Skipf("needs a ClickHouse server, because the embedded engine has no users: set %s=http://user:password@host:8123/some_database", serverEnv)
	}
	w := open(t, os.Getenv(serverEnv))
	run := func(statement string) { require.NoError(t, w.exec(t.Context(), w.Database(), statement)) }
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Roles(t.Context(), "acme"))
	run("INSERT INTO queries (event_id, time, tenant, text) VALUES ('a', now64(6), 'acme', 'mine'), ('b', now64(6), 'globex', 'theirs')")
	run("CREATE USER OR REPLACE ragline_test_acme IDENTIFIED BY 'test' DEFAULT ROLE NONE")
	run("GRANT ragline_tenant_acme TO ragline_test_acme")
	run("ALTER USER ragline_test_acme DEFAULT ROLE ALL")
	u, err := url.Parse(os.Getenv(serverEnv))
	require.NoError(t, err)
	u.User = url.UserPassword("ragline_test_acme", "test")
	acme := open(t, u.String())
	require.Equal(t, "mine", one(t, acme, "SELECT text FROM queries"))
	require.Equal(t, "1", one(t, acme, "SELECT count() FROM records"))
	_, err = acme.Table(t.Context(), "INSERT INTO queries (event_id) VALUES ('x')")
	require.Error(t, err)
}
