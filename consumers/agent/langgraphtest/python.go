package langgraphtest

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed requirements.txt
var requirements []byte

const pythonVersion = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"

// Python returns the path of a Python interpreter that has LangGraph, its SQLite checkpointer, its SDK and the server of `langgraph dev`.
func Python(t testing.TB) string {
	t.Helper()
	dir := install(t, kit{
		name:  "python",
		pins:  [][]byte{requirements},
		needs: "needs python3, 3.11 or newer, with its venv module (on Debian: apt-get install python3-venv), and a Python package index or pip's own configuration of one",
		fill: func(run runner, dir string) error {
			if err := run("", "python3", "-c", pythonVersion); err != nil {
				return err
			}
			if err := run("", "python3", "-m", "venv", dir); err != nil {
				return err
			}
			pins := filepath.Join(dir, "requirements.txt")
			if err := os.WriteFile(pins, requirements, 0o600); err != nil {
				return err
			}
			return run("", interpreter(dir), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet",
				"--retries", "2", "--requirement", pins)
		},
	})
	return interpreter(dir)
}

func interpreter(dir string) string { return filepath.Join(dir, "bin", "python") }
