package sink

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dashboard is what the tests read of Grafana's JSON.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct{ Query string }
	}
	Panels []struct {
		Title   string
		Type    string
		Targets []struct{ RawSQL string }
	}
}

// macros does what Grafana's ClickHouse plugin does, for a range of three days around the demo and all tenants.
func macros(sql string) string {
	sql = regexp.MustCompile(`\$__timeFilter\((\w+)\)`).ReplaceAllString(sql,
		"$1 >= toDateTime('2026-11-21 00:00:00', 'UTC') AND $1 <= toDateTime('2026-11-25 00:00:00', 'UTC')")
	sql = regexp.MustCompile(`\$__timeInterval\((\w+)\)`).ReplaceAllString(sql, "toStartOfInterval(toDateTime($1), INTERVAL 3600 second)")
	return strings.NewReplacer("$__fromTime", "toDateTime('2026-11-21 00:00:00', 'UTC')", "${tenant:singlequote}", "'acme','globex'",
		"now() - INTERVAL 30 DAY", "toDateTime('2026-11-01 00:00:00', 'UTC')").Replace(sql)
}

func TestDashboardsShowTheDemo(t *testing.T) {
	t.Parallel()
	b := demo(t)
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "grafana", "dashboards", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var d dashboard
		require.NoError(t, json.Unmarshal(text, &d))
		require.Equal(t, "ragline-"+strings.TrimSuffix(filepath.Base(file), ".json"), d.UID)
		require.Equal(t, "[\"acme\",\"globex\"]", b.one(t, "SELECT groupArray(tenant) FROM ("+macros(d.Templating.List[0].Query)+")"))
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				sql := macros(target.RawSQL)
				require.NotContains(t, sql, "$", p.Title)
				result, err := b.warehouse.Table(t.Context(), sql)
				require.NoError(t, err, "%s: %s", file, p.Title)
				if p.Title == "Cost of an answer" || p.Title == "Open reviews" {
					continue // the demo has none
				}
				require.NotEmpty(t, result.Rows, "%s: %s shows nothing", file, p.Title)
				if p.Type == "timeseries" {
					require.Contains(t, result.Types[0], "DateTime", p.Title)
				}
			}
		}
	}
}
