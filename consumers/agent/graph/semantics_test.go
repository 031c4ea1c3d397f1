package graph_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

var record = flag.Bool("record", false, "write what LangGraph and this engine do to testdata/semantics.json")

// recorded is what a case comes to: in LangGraph, and here if that differs.
type recorded struct {
	LangGraph resultOf  `json:"langgraph"`
	Here      *resultOf `json:"here,omitempty"`
}

const recordFile = "testdata/semantics.json"

func cases() []caseOf { return slices.Concat(stateCases(), flowCases(), pauseCases(), timeCases()) }

// stores opens one of each kind.
func stores() map[string]func(*testing.T) checkpoint.Store {
	return map[string]func(*testing.T) checkpoint.Store{
		"memory": func(*testing.T) checkpoint.Store { return checkpoint.NewMemory() },
		"SQLite": func(t *testing.T) checkpoint.Store {
			return must(checkpoint.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "agent.db")))(t)
		},
		"Postgres": func(t *testing.T) checkpoint.Store {
			return must(checkpoint.OpenPostgres(t.Context(), postgrestest.URL(t)))(t)
		},
	}
}

// TestSemantics holds every rule on every store. What is right was recorded from LangGraph, see TestLangGraphDoesWhatWasRecorded.
func TestSemantics(t *testing.T) {
	t.Parallel()
	var want map[string]recorded
	require.NoError(t, json.Unmarshal(must(os.ReadFile(recordFile))(t), &want))
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			for _, c := range cases() {
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					right := want[c.Name].LangGraph
					if c.Differs != "" {
						require.NotNil(t, want[c.Name].Here, "record the case")
						right = *want[c.Name].Here
					}
					require.Equal(t, indented(t, right), indented(t, newPlay(t, c, s, graph.Config{}).run()), "%s %s", c.Rule, c.Differs)
				})
			}
		})
	}
}

func TestLangGraphDoesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	really := oracle(t, cases())
	want := map[string]recorded{}
	for _, c := range cases() {
		r := recorded{LangGraph: really[c.Name]}
		if c.Differs != "" {
			here := newPlay(t, c, checkpoint.NewMemory(), graph.Config{}).run()
			require.NotEqual(t, indented(t, r.LangGraph), indented(t, here), "%s: there is no difference any more", c.Name)
			r.Here = &here
		}
		want[c.Name] = r
	}
	if *record {
		require.NoError(t, os.WriteFile(recordFile, []byte(indented(t, want)+"\n"), 0o600))
	}
	require.Equal(t, string(must(os.ReadFile(recordFile))(t)), indented(t, want)+"\n")
}

// oracle runs cases on LangGraph.
func oracle(t *testing.T, list []caseOf) map[string]resultOf {
	t.Helper()
	python, file := langgraphtest.Python(t), filepath.Join(t.TempDir(), "cases.json")
	require.NoError(t, os.WriteFile(file, must(json.Marshal(list))(t), 0o600))
	cmd := exec.CommandContext(t.Context(), python, "testdata/oracle.py", file)
	cmd.Stderr = t.Output()
	var out map[string]resultOf
	require.NoError(t, json.Unmarshal(must(cmd.Output())(t), &out))
	return out
}

func indented(t *testing.T, v any) string {
	t.Helper()
	return string(must(json.MarshalIndent(v, "", " "))(t))
}
