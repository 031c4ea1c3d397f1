package picture_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

func TestGoldenFilesAreWhatLangGraphDrawsNow(t *testing.T) {
	t.Parallel()
	python, dir := langgraphtest.Python(t), t.TempDir()
	require.Empty(t, output(t, python, "testdata/draw.py", "testdata/cases.json", dir))
	compare(t, "testdata/python", dir)
}

func TestGoldenFilesAreWhatLangGraphJSDrawsNow(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/draw.mjs")
	require.NoError(t, err)
	script, dir := langgraphtest.Script(t, langgraphtest.Node(t), "draw.mjs", source), t.TempDir()
	require.Empty(t, output(t, "node", script, "testdata/cases.json", dir))
	compare(t, "testdata/js", dir)
}

func TestRandomGraphsAreDrawnAsLangGraphDrawsThem(t *testing.T) {
	t.Parallel()
	python, dir := langgraphtest.Python(t), t.TempDir()
	var all []definition
	for seed := range uint64(300) {
		all = append(all, random(seed))
	}
	raw, err := json.Marshal(all)
	require.NoError(t, err)
	cases := filepath.Join(t.TempDir(), "cases.json")
	require.NoError(t, os.WriteFile(cases, raw, 0o600))
	require.Empty(t, output(t, python, "testdata/draw.py", cases, dir))
	for _, d := range all {
		want, err := os.ReadFile(filepath.Join(dir, d.Name+".mmd"))
		require.NoError(t, err)
		require.Equal(t, string(want), picture.Mermaid(d.graph(), picture.MermaidOptions{}), "%+v", d)
	}
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// compare two folders, or rewrite the first.
func compare(t *testing.T, golden, drawn string) {
	t.Helper()
	if *update {
		require.NoError(t, os.RemoveAll(golden))
		require.NoError(t, os.CopyFS(golden, os.DirFS(drawn)))
	}
	require.Equal(t, contents(t, golden), contents(t, drawn))
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		out[filepath.Base(f)] = string(b)
	}
	return out
}
