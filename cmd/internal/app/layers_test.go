package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/ragline/ragline/"

// goPackage is what the rules need of `go list -json`.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Dir                                string
	local                              string // import path below the module
	production, tests                  []string
}

// rank of the four roots: imports go to a lower rank or stay within the root.
var rank = map[string]int{"schemas": 0, "producers": 1, "consumers": 2, "deploy": 2, "cmd": 3}

// TestImportsFollowTheLayers holds the import rules, each with the reason that its failure prints.
func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, imported := range p.production {
			for _, broken := range breaks(p, imported) {
				t.Errorf("%s imports %s: %s", p.local, imported, broken)
			}
		}
		for _, imported := range p.tests {
			if local, ok := strings.CutPrefix(imported, module); ok && rank[root(local)] > rank[root(p.local)] && !testKit(local) {
				t.Errorf("tests of %s import %s: a lower layer does not know a higher one", p.local, imported)
			}
		}
	}
}

// breaks returns the reason of each rule that an import breaks.
func breaks(p goPackage, imported string) []string {
	var reasons []string
	rule := func(broken bool, reason string) {
		if broken {
			reasons = append(reasons, reason)
		}
	}
	local, ours := strings.CutPrefix(imported, module)
	from, to := root(p.local), root(local)
	if ours {
		rule(rank[from] < rank[to], "imports go cmd > consumers > producers > schemas")
		rule(from == "consumers" && to == "deploy", "consumers reach Kafka and ClickHouse by address")
		rule(from == "deploy" && to != "deploy", "the embedded servers know nothing of the pipeline")
		rule(to == "deploy" && from != "cmd" && from != "deploy" && !testKit(p.local), "the embedded servers are started by cmd and tests only")
		rule(from == "consumers" && to == "consumers" && !mayMeet(p.local, local), "consumers meet on topics, not in code")
		rule(testKit(local) && !testKit(p.local), "test kits belong in _test.go files")
		rule(to == "cmd" && strings.HasPrefix(local, "cmd/e2e"), "nothing imports the system tests")
	}
	if !ours {
		rule(from == "schemas" && strings.Contains(firstSegment(imported), ".") && !strings.HasPrefix(imported, "google.golang.org/protobuf/"),
			"schemas stand on the standard library and the protobuf runtime only, so that anyone can import them")
		rule(strings.HasSuffix(imported, "/kfake") && p.local != "deploy/embedded/kafka" && !testKit(p.local), "the fake broker is hosted in one place")
		rule(strings.HasPrefix(imported, "github.com/ebitengine/purego") && !strings.HasPrefix(p.local, "cmd/ragline-clickhouse"), "the engine library is loaded by the helper process only")
		rule(imported == "testing" && !testKit(p.local), "test kits belong in _test.go files")
	}
	return reasons
}

// mayMeet says whether one package below consumers may import another.
func mayMeet(from, to string) bool {
	shared := []string{"stream", "warehouse", "domain", "internal"}
	consumer, other := segment(from, 1), segment(to, 1)
	return consumer == other || slices.Contains(shared, other) || testKit(from)
}

// TestPluralRootsHoldNoGoFiles keeps the roots for grouping.
func TestPluralRootsHoldNoGoFiles(t *testing.T) {
	t.Parallel()
	for name := range rank {
		files, err := filepath.Glob(filepath.Join(top(t), name, "*.go"))
		require.NoError(t, err)
		require.Empty(t, files, "%s only groups packages", name)
	}
}

// TestEveryPackageHasOnePackageComment reads the sources: a second comment hides the first.
func TestEveryPackageHasOnePackageComment(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		var with []string
		for _, file := range p.GoFiles {
			if hasPackageComment(t, filepath.Join(p.Dir, file)) {
				with = append(with, file)
			}
		}
		require.Len(t, with, 1, "%s needs exactly one package comment", p.local)
	}
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,GoFiles,Dir", "./...")
	cmd.Dir = top(t)
	out, err := cmd.Output()
	require.NoError(t, err)
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(fmt.Errorf("reading go list: %w", err))
		}
		p.local = strings.TrimPrefix(p.ImportPath, module)
		p.production = p.Imports
		p.tests = slices.Concat(p.TestImports, p.XTestImports)
		packages = append(packages, p)
	}
	require.NotEmpty(t, packages)
	return packages
}

func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return dir
}

func root(local string) string        { return segment(local, 0) }
func firstSegment(path string) string { return segment(path, 0) }

func segment(path string, n int) string {
	parts := strings.Split(path, "/")
	if n >= len(parts) {
		return ""
	}
	return parts[n]
}

// testKit says whether a package exists for tests: its name ends in "test" (streamtest, enginetest) or is e2e.
func testKit(local string) bool {
	return strings.HasSuffix(local, "test") || strings.HasPrefix(local, "cmd/e2e")
}
