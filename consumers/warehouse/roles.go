package warehouse

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// ErrNoUsers says that this ClickHouse has no users to give roles to: the embedded engine has an owner and an analyst only.
var ErrNoUsers = errors.New("this ClickHouse manages no users")

const codeUnsupportedMethod = 1

// tenantName keeps names of roles plain.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`) //nolint:gochecknoglobals // compiled once

// Names of the roles.
const (
	roleWriter  = "ragline_writer"
	roleAnalyst = "ragline_analyst"
	roleTenant  = "ragline_tenant_"
)

// roleStatements makes the roles of a database: the writer stores and looks up what is stored, the analyst reads within
// limits. Both see every tenant. readonly = 2 lets clients such as Grafana set a time limit of their own, within the
// bounds; CHANGEABLE_IN_READONLY would be refused by a server whose configuration does not ask for
// settings_constraints_replace_previous. A limit of zero means none, hence the lower bounds.
func roleStatements(database string, tables []string) []string {
	all := quote(database) + ".*"
	list := []string{
		"CREATE ROLE IF NOT EXISTS " + roleWriter + ", " + roleAnalyst,
		"GRANT SELECT, INSERT ON " + all + " TO " + roleWriter,
		"GRANT SELECT ON " + all + " TO " + roleAnalyst,
		"CREATE SETTINGS PROFILE OR REPLACE " + roleAnalyst + " SETTINGS readonly = 2, max_execution_time = 60 MIN 1 MAX 60, " +
			"max_memory_usage = 4294967296 MIN 1 MAX 4294967296, max_result_rows = 1000000 MIN 1 MAX 1000000 TO " + roleAnalyst,
	}
	for _, table := range tables {
		list = append(list, fmt.Sprintf("CREATE ROW POLICY OR REPLACE ragline_all ON %s.%s USING 1 TO %s, %s", quote(database), quote(table), roleWriter, roleAnalyst))
	}
	return list
}

// tenantStatements makes the role of an analyst who sees one tenant. Views read with the rights of who asks, so the
// policies of the tables hold for them.
func tenantStatements(database, tenant string, tables []string) []string {
	role := quote(roleTenant + tenant)
	list := []string{
		"CREATE ROLE IF NOT EXISTS " + role,
		"GRANT SELECT ON " + quote(database) + ".* TO " + role,
		"ALTER SETTINGS PROFILE " + roleAnalyst + " TO " + roleAnalyst + ", " + role,
	}
	for _, table := range tables {
		list = append(list, fmt.Sprintf("CREATE ROW POLICY OR REPLACE %s ON %s.%s USING %s TO %s", role, quote(database), quote(table), ofTenant(tenant), role))
	}
	return list
}

// ofTenant is the condition of a tenant's row policies.
func ofTenant(tenant string) string { return "tenant = " + literal(tenant) }

// Roles makes the roles ragline_writer and ragline_analyst, and ragline_tenant_NAME for each tenant. Users are given
// them by GRANT. It may be called again.
func (w *Warehouse) Roles(ctx context.Context, tenants ...string) error {
	var tables []struct {
		Name string `ch:"table"`
	}
	err := w.Select(ctx, &tables, "SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant' "+
		"AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree') ORDER BY table")
	if err != nil {
		return fmt.Errorf("listing tables: %w", err)
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	statements := roleStatements(w.target.database, names)
	for _, tenant := range tenants {
		if !tenantName.MatchString(tenant) {
			return fmt.Errorf("making the role of tenant %q: want 1 to 64 letters, digits, dots, dashes, underscores", tenant)
		}
		statements = append(statements, tenantStatements(w.target.database, tenant, names)...)
	}
	for _, statement := range statements {
		if err := w.exec(ctx, w.target.database, statement); err != nil {
			if code, _ := Code(err); code == codeNotEnoughPrivileges || code == codeUnsupportedMethod {
				return fmt.Errorf("making roles: %w: it needs a server, and a user with access management (%w)", ErrNoUsers, err)
			}
			return fmt.Errorf("making roles: %w", err)
		}
	}
	return nil
}
