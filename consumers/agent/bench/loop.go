package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
)

// Load is one configuration of the loop.
type Load struct {
	// Synchronous is SQLite's PRAGMA: NORMAL or FULL.
	Synchronous string
	// Calls is the number of tool calls of a run, which makes 2 Calls + 1 super-steps.
	Calls int
	// Threads is how many runs go at the same time, Runs how many are measured.
	Threads, Runs int
}

// Result is what a load came to.
type Result struct {
	CPU  float64 `json:"cpu_us"` // CPU time of a durable super-step in microseconds
	P50  float64 `json:"p50_ms"` // wall time of a run
	P99  float64 `json:"p99_ms"`
	File int     `json:"file_bytes"` // what the database file grew to for each thread
	RSS  float64 `json:"rss_mb"`
}

func (l Load) steps() int { return 2*l.Calls + 1 }

func (l Load) warm() int { return 300/l.steps() + 1 }

var (
	messages = message.NewKey("messages")
	count    = graph.Reduced[int]{Key: "step_count", Reduce: func(old, update int) (int, error) { return old + update, nil }}
)

// loop is the graph of testdata/loop.py.
func loop(calls int) *graph.Graph {
	observation := strings.Repeat("observation text ", 8)
	agent := func(_ context.Context, t *graph.Task) (graph.Update, error) {
		i, err := count.Get(t.State)
		if err != nil {
			return graph.Update{}, err
		}
		if i >= calls {
			return say(message.Message{ID: t.ID, Type: message.AI, Content: message.Text("final answer")})
		}
		id := "c" + strconv.Itoa(i)
		u, err := say(message.Message{ID: t.ID, Type: message.AI, Content: message.Text("thinking about step"), ToolCalls: []message.ToolCall{{
			ID: id, Name: "search", Args: json.RawMessage(`{"q":"gasket api 622 ` + strconv.Itoa(i) + `"}`),
		}}})
		if err != nil {
			return u, err
		}
		w, err := count.Update(1)
		u.Writes = append(u.Writes, w)
		return u, err
	}
	tools := func(_ context.Context, t *graph.Task) (graph.Update, error) {
		last, _, err := messages.Last(t.State, message.AI)
		if err != nil {
			return graph.Update{}, err
		}
		return say(message.Message{ID: t.ID, Type: message.Tool, Name: "search", Content: message.Text(observation), ToolCallID: last[0].ToolCalls[0].ID})
	}
	return graph.New(messages, count).Node("agent", agent).Node("tools", tools).
		Edge(graph.Start, "agent").Edge("tools", "agent").
		Branch("agent", func(s graph.State) ([]string, error) {
			last, _, err := messages.Last(s, message.AI)
			if err != nil || len(last[0].ToolCalls) == 0 {
				return []string{graph.End}, err
			}
			return []string{"tools"}, nil
		}, "tools", graph.End)
}

func say(m message.Message) (graph.Update, error) {
	w, err := messages.Add(m)
	return graph.Update{Writes: []checkpoint.Write{w}}, err
}

// Ours runs a load on our engine, in this process.
func Ours(ctx context.Context, l Load, dir string) (Result, error) {
	path := filepath.Join(dir, fmt.Sprintf("ours-%d.db", os.Getpid()))
	store, err := checkpoint.OpenSQLiteSynchronous(ctx, path, checkpoint.Synchronous(l.Synchronous))
	if err != nil {
		return Result{}, err
	}
	engine, err := graph.NewEngine(loop(l.Calls), store, graph.Config{})
	if err != nil {
		return Result{}, err
	}
	invoke := func(thread string) (time.Duration, error) {
		begun := time.Now()
		input, err := messages.Add(message.Message{ID: thread, Type: message.Human, Content: message.Text("q")})
		if err != nil {
			return 0, err
		}
		req := graph.Request{ThreadID: thread, RunID: thread, Input: []checkpoint.Write{input}}
		b, err := engine.Begin(ctx, req)
		if err != nil {
			return 0, err
		}
		if _, err := store.Accept(ctx, checkpoint.Acceptance{
			Run: checkpoint.Run{ID: thread, ThreadID: thread, CreatedAt: begun}, Head: b.Head, Input: b.Checkpoints,
		}); err != nil {
			return 0, err
		}
		out, err := engine.Run(ctx, req)
		if err != nil {
			return 0, err
		}
		all, err := messages.Get(out.State)
		if err == nil && len(all) != 2*l.Calls+2 {
			err = fmt.Errorf("run has %d messages, expected %d", len(all), 2*l.Calls+2)
		}
		return time.Since(begun), err
	}
	for i := range l.warm() {
		if _, err := invoke("w" + strconv.Itoa(i)); err != nil {
			return Result{}, err
		}
	}
	before := cpu()
	walls, err := many(l.Threads, l.Runs, func(i int) (time.Duration, error) { return invoke("t" + strconv.Itoa(i)) })
	if err != nil {
		return Result{}, err
	}
	r := Result{CPU: float64((cpu() - before).Microseconds()) / float64(l.Runs*l.steps()), RSS: peakMB()}
	r.P50, r.P99 = quantile(walls, .5), quantile(walls, .99)
	if err := store.Close(); err != nil { // folds the log into the file
		return r, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return r, err
	}
	r.File = int(info.Size()) / (l.Runs + l.warm())
	return r, nil
}

// many runs fn for each of n numbers in several goroutines.
func many(goroutines, n int, fn func(i int) (time.Duration, error)) ([]time.Duration, error) {
	walls, errs := make([]time.Duration, n), make([]error, n)
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range numbers {
				walls[i], errs[i] = fn(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return walls, nil
}

// quantile is in milliseconds.
func quantile(walls []time.Duration, q float64) float64 {
	slices.Sort(walls)
	return float64(walls[int(float64(len(walls)-1)*q)].Microseconds()) / 1000
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func peakMB() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Maxrss) / 1024
}
