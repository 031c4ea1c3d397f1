package langgraphtest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

func TestPythonHasTheGraphTheCheckpointerTheClientAndTheServer(t *testing.T) {
	t.Parallel()
	const script = `
import langgraph.graph, langgraph.checkpoint.sqlite, langgraph_sdk, langgraph_cli, langgraph_runtime_inmem
from importlib.metadata import version
print(version("langgraph"), version("langgraph-api"))`
	require.Equal(t, "1.2.11 0.16.7", output(t, "", langgraphtest.Python(t), "-c", script))
}

func TestNodeHasTheGraphTheClientAndTheServer(t *testing.T) {
	t.Parallel()
	node := langgraphtest.Node(t)
	script := langgraphtest.Script(t, node, "versions.mjs", []byte(`
import { StateGraph } from "@langchain/langgraph";
import { Client } from "@langchain/langgraph-sdk";
import { startServer } from "@langchain/langgraph-api/server";
console.log(typeof StateGraph, typeof Client, typeof startServer);`))
	require.Equal(t, "function function function", output(t, node, "node", script))
}

func output(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

func TestNodeSQLiteHasTheCheckpointer(t *testing.T) {
	t.Parallel()
	node := langgraphtest.NodeSQLite(t)
	script := langgraphtest.Script(t, node, "saver.mjs", []byte(`
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
console.log(await SqliteSaver.fromConnString(":memory:").getTuple({ configurable: { thread_id: "none" } }));`))
	require.Equal(t, "undefined", output(t, node, "node", script))
}
