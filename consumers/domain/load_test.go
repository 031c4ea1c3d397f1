package domain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
)

// copyPack copies the demo pack, so that a test can break one file of it.
func copyPack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(packDir)))
	return dir
}

func edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(data), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(data), old, replacement, 1)), 0o600))
}

func TestBrokenPackNamesFileEntryAndField(t *testing.T) {
	t.Parallel()
	for _, broken := range []struct{ file, old, replacement, message string }{
		{"pack.yaml", "tenant: jdjones", "tenant: ''", "pack.yaml: pack: tenant is empty"},
		{"pack.yaml", "tenant:", "tennant:", "field tennant not found"},
		{"glossary.yaml", "definition: jd jones packing product", "definition: ''", "glossary.yaml: flexseal: definition is empty"},
		{"facts.yaml", "unit: barg", "unit: furlong", `facts.yaml: facts: fact 18 (API 641, lowest pressure): unit "furlong" is unknown`},
		{"facts.yaml", "op: range, values: [-29, 538]", "op: range, values: [-29]", `fact 2 (API 622, temperature range): op "range" does not fit 1 values`},
		{"facts.yaml", `op: ">=", value: 97`, `op: "~", value: 97`, `purity of the gas): op "~" is unknown`},
		{"facts.yaml", "document: api-641, entity", "document: api-999, entity", `facts.yaml: fact 18 (API 641, valve type): document "api-999" does not exist`},
		{"facts.yaml", "entity: lantern ring", "entity: lantern", `entity "lantern" is not listed`},
		{"questions.yaml", "document: graphite-limits", "document: graphite", `questions.yaml: graphite-air: expect.document "graphite" does not exist`},
		{"seeds.yaml", "documents: [api-624]", "documents: [api-625]", `seeds.yaml: seed-06: documents: "api-625" does not exist`},
		{"products.yaml", "price: 18.40", "price: 0", "products.yaml: NS-P101: price must be above 0"},
		{"products.yaml", "code: NS-P102", "code: NS-P101", "products.yaml: NS-P101: code is used twice"},
		{"prompts/react.md", "{{tools}}", "the tools", "prompts/react.md: text lacks the placeholder {{tools}}"},
		{"prompts/system.md", `version: "1"`, `version: ""`, "prompts/system.md: version is empty"},
	} {
		dir := copyPack(t)
		edit(t, filepath.Join(dir, broken.file), broken.old, broken.replacement)
		_, err := domain.Load(dir)
		require.ErrorContains(t, err, broken.message)
		require.NotContains(t, err.Error(), "failed to")
	}
}

func TestMissingFileIsNamed(t *testing.T) {
	t.Parallel()
	dir := copyPack(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "seeds.yaml")))
	_, err := domain.Load(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "seeds.yaml: reading")
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	dir := copyPack(t)
	edit(t, filepath.Join(dir, "pack.yaml"), "tenant: jdjones", "tenant: ''")
	edit(t, filepath.Join(dir, "products.yaml"), "price: 18.40", "price: -1")
	_, err := domain.Load(dir)
	require.ErrorContains(t, err, "tenant is empty")
	require.ErrorContains(t, err, "price must be above 0")
}
