package bench_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/bench"
	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

const (
	// compareEnv asks for the comparison, childEnv for one load of ours in a process of its own.
	compareEnv = "RAGLINE_BENCH_AGENT"
	childEnv   = "RAGLINE_BENCH_AGENT_LOAD"
)

var (
	//go:embed testdata/loop.py
	python []byte
	//go:embed testdata/loop.mjs
	javascript []byte
)

func TestMain(m *testing.M) {
	spec := os.Getenv(childEnv)
	if spec == "" {
		os.Exit(m.Run())
	}
	var l bench.Load
	var dir string
	_, err := fmt.Sscan(spec, &l.Synchronous, &l.Calls, &l.Threads, &l.Runs, &dir)
	if err == nil {
		var r bench.Result
		if r, err = bench.Ours(context.Background(), l, dir); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runner runs a load in a process of its own.
type runner struct {
	name    string
	command func(l bench.Load, dir string) *exec.Cmd
}

func words(l bench.Load, dir string) []string {
	return []string{l.Synchronous, strconv.Itoa(l.Calls), strconv.Itoa(l.Threads), strconv.Itoa(l.Runs), dir}
}

func (r runner) run(t *testing.T, l bench.Load) bench.Result {
	t.Helper()
	cmd := r.command(l, t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s", r.name, stderr.String())
	var result bench.Result
	require.NoError(t, json.Unmarshal(out, &result), string(out))
	return result
}

func ours() runner {
	return runner{"ragline", func(l bench.Load, dir string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(words(l, dir), " "))
		return cmd
	}}
}

// runners are ours and those of LangGraph that are there.
func runners(t *testing.T) []runner {
	t.Helper()
	all := []runner{ours()}
	script := filepath.Join(t.TempDir(), "loop.py")
	t.Run("python", func(t *testing.T) {
		interpreter := langgraphtest.Python(t)
		require.NoError(t, os.WriteFile(script, python, 0o600))
		all = append(all, runner{"LangGraph Python", func(l bench.Load, dir string) *exec.Cmd {
			return exec.Command(interpreter, append([]string{script}, words(l, dir)...)...)
		}})
	})
	node := ""
	t.Run("javascript", func(t *testing.T) { node = langgraphtest.NodeSQLite(t) })
	if node != "" {
		script := langgraphtest.Script(t, node, "loop.mjs", javascript)
		all = append(all, runner{"LangGraph.js", func(l bench.Load, dir string) *exec.Cmd {
			return exec.Command("node", append([]string{script}, words(l, dir)...)...)
		}})
	}
	return all
}

// TestOursRunsTheLoop keeps the comparison from rotting.
func TestOursRunsTheLoop(t *testing.T) {
	t.Parallel()
	r := ours().run(t, bench.Load{Synchronous: "NORMAL", Calls: 5, Threads: 4, Runs: 8})
	require.Positive(t, r.CPU)
	require.Positive(t, r.File)
	_, _, err := bench.Stuck(t.Context(), 50, t.TempDir())
	require.NoError(t, err)
}

// TestCompare prints the comparison. Loads alternate between the engines, so that all meet the same moments of the machine.
func TestCompare(t *testing.T) {
	if os.Getenv(compareEnv) == "" {
		t.Skip("takes minutes: run `make bench-agent`")
	}
	all := runners(t)
	fmt.Printf("%-7s %5s %7s  %-17s %10s %8s %9s %9s %12s %8s\n",
		"sync", "calls", "threads", "engine", "CPU us/step", "ratio", "p50 ms", "p99 ms", "bytes/thread", "RSS MB")
	for _, l := range loads() {
		var base float64
		for _, r := range all {
			got := r.run(t, l)
			ratio := "1"
			if r.name == "ragline" {
				base = got.CPU
			} else {
				ratio = fmt.Sprintf("%.1f", got.CPU/base)
			}
			fmt.Printf("%-7s %5d %7d  %-17s %10.0f %8s %9.2f %9.2f %12d %8.0f\n",
				l.Synchronous, l.Calls, l.Threads, r.name, got.CPU, ratio, got.P50, got.P99, got.File, got.RSS)
		}
	}
	alone, beside, err := bench.Stuck(t.Context(), 2000, t.TempDir())
	require.NoError(t, err)
	fmt.Printf("p99 of short runs: alone %.2f ms, beside a run that is stuck %.2f ms, ratio %.2f\n", alone, beside, beside/alone)
}

// loads are the configurations: as many super-steps in each as a few seconds of Python take.
func loads() []bench.Load {
	var out []bench.Load
	for _, synchronous := range []string{"NORMAL", "FULL"} {
		for _, calls := range []int{5, 25, 100} {
			for _, threads := range []int{1, 64, 1024} {
				if threads == 1024 && calls != 5 {
					continue // the Python side would take minutes
				}
				out = append(out, bench.Load{Synchronous: synchronous, Calls: calls, Threads: threads, Runs: max(threads, 3000/(2*calls+1))})
			}
		}
	}
	return out
}
