package react_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

func BenchmarkAnswerInMemory(b *testing.B) {
	x := setup(b)
	e := x.engine(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := e.Run(b.Context(), x.request(b, strconv.Itoa(i), "How many mechanical cycles does API 622 run?", 10)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	x := setup(b)
	b.ReportAllocs()
	for b.Loop() {
		x.pack.Facts.Lookup("How many mechanical cycles does API 622 run?")
	}
}

// stub calls the tool n times, once in a message.
type stub struct{ n int }

func (stub) Name() string { return "stub" }

func (s stub) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	done := 0
	for _, m := range r.Messages {
		if m.Role == llm.RoleTool {
			done++
		}
	}
	if done == s.n {
		return llm.Response{Text: "done"}, nil
	}
	return llm.Response{Calls: []llm.Call{{ID: "call_" + strconv.Itoa(done), Tool: "search", Arguments: []byte(`{"q":"x"}`)}}}, nil
}

// BenchmarkCalls runs threads of n tool calls on SQLite and reports what a thread takes on disk.
func BenchmarkCalls(b *testing.B) {
	for _, n := range []int{5, 25, 100} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			x := setup(b)
			x.tools(launch("search", func(context.Context, tool.Invocation) (tool.Result, error) {
				return tool.Result{Text: "result for x"}, nil
			}))
			x.deps.Model = stub{n}
			dir := b.TempDir()
			store, err := checkpoint.OpenSQLite(b.Context(), filepath.Join(dir, "agent.db"))
			require.NoError(b, err)
			defer store.Close()
			x.deps.Receipt = store.Receipt
			e, err := graph.NewEngine(react.New(x.deps), store, graph.Config{})
			require.NoError(b, err)
			empty := diskUse(b, dir)
			steps := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				id := fmt.Sprint("thread-", i)
				_, err := store.Accept(b.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: id}})
				require.NoError(b, err)
				input, err := react.Input(react.Run{QueryID: id, ThreadID: id, MaxSteps: n + 1}, "hi")
				require.NoError(b, err)
				_, err = e.Run(b.Context(), graph.Request{ThreadID: id, RunID: id, Input: input})
				require.NoError(b, err)
				steps += 4*n + 3
			}
			require.NoError(b, store.Close())
			b.ReportMetric(float64(diskUse(b, dir)-empty)/float64(b.N), "disk-B/thread")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(steps), "us/step")
		})
	}
}

func diskUse(b *testing.B, dir string) int64 {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(b, err)
	n := int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		require.NoError(b, err)
		n += info.Size()
	}
	return n
}
