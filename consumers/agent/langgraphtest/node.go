package langgraphtest

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed package.json
var packageJSON []byte

//go:embed package-lock.json
var packageLock []byte

const needsNode = "needs node, 20 or newer, npm, and an npm registry or npm's own configuration of one"

// Node returns a directory whose node_modules hold LangGraph.js, its server and its SDK. [Script] writes a script that finds them.
func Node(t testing.TB) string {
	t.Helper()
	return install(t, kit{
		name:  "node",
		pins:  [][]byte{packageJSON, packageLock},
		needs: needsNode,
		fill: func(run runner, dir string) error {
			if err := run("", "node", "-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "package.json"), packageJSON, 0o600); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "package-lock.json"), packageLock, 0o600); err != nil {
				return err
			}
			return npm(run, dir, "ci", "--ignore-scripts")
		},
	})
}

// NodeSQLite is [Node] where @langchain/langgraph-checkpoint-sqlite works, too: its native part is fetched, or compiled in a minute.
func NodeSQLite(t testing.TB) string {
	t.Helper()
	from := Node(t)
	return install(t, kit{
		name:  "node-sqlite",
		pins:  [][]byte{packageJSON, packageLock},
		needs: needsNode + "; and a C++ compiler with make and Node's headers (on Debian: apt-get install g++ make libnode-dev)",
		fill: func(run runner, dir string) error {
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				return err
			}
			return npm(run, dir, "rebuild", "better-sqlite3", "--ignore-scripts=false")
		},
	})
}

func npm(run runner, dir string, args ...string) error {
	return run(dir, "npm", append(args, "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error")...)
}

// Script writes a script where its imports are found, in a folder of the test's own, and returns its path.
func Script(t testing.TB, node, name string, source []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(node, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatalf("linking node_modules: %v", err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, source, 0o600); err != nil {
		t.Fatalf("writing %s: %v", name, err)
	}
	return path
}
