package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	// killsEnv is how many kills TestKilledAtRandom makes.
	killsEnv = "RAGLINE_TEST_KILLS"
	// entries is how many entries a run makes in the ledger.
	entries = 5
)

// bookkeeper is a model that makes its entries one after the other and then says so.
type bookkeeper struct{}

func (bookkeeper) Name() string { return "bookkeeper" }

func (bookkeeper) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	done := 0
	for _, m := range r.Messages {
		switch m.Role {
		case llm.RoleUser:
			done = 0
		case llm.RoleTool:
			done++
		}
	}
	if done == entries {
		return llm.Response{Text: "done"}, nil
	}
	return llm.Response{Calls: []llm.Call{{Tool: "ledger", Arguments: json.RawMessage(fmt.Sprintf(`{"entry":%d}`, done))}}}, nil
}

// ledger is a tool with an effect outside the store that must not happen twice: a line in a file. It can be asked what it has done.
func ledger(path string) tool.Tool {
	return tool.Tool{
		Tool: llm.Tool{Name: "ledger", Description: "Makes an entry.", InputSchema: json.RawMessage(`{"type":"object"}`)},
		Call: func(_ context.Context, in tool.Invocation) (tool.Result, error) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return tool.Result{}, err
			}
			defer f.Close()
			_, err = f.WriteString(in.CallID + "\n")
			return tool.Result{Text: "entered"}, err
		},
		Reconcile: func(_ context.Context, in tool.Invocation) (tool.Result, bool, error) {
			made, err := lines(path)
			return tool.Result{Text: "entered"}, made[in.CallID] > 0, err
		},
	}
}

// lines counts the lines of a file.
func lines(path string) (map[string]int, error) {
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	out := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		out[strings.TrimSuffix(line, "\n")]++
	}
	return out, err
}

// TestKilledAtRandomNoRunIsLostAndNoEffectHappensTwice kills a real process at random moments, RAGLINE_TEST_KILLS times
// (12 unless set; `make test-kills` makes 1,000).
func TestKilledAtRandomNoRunIsLostAndNoEffectHappensTwice(t *testing.T) {
	t.Parallel()
	kills := 12
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	r := setup(t)
	db, book := config(t).DB, filepath.Join(t.TempDir(), "ledger")
	spec := strings.Join([]string{r.Addr(), db, book}, ",")
	var queries []event.Event
	for i := range max(8, kills/3) {
		queries = append(queries, query(fmt.Sprint("thread ", i%7), fmt.Sprint("question ", i)))
	}
	streamtest.Publish(t, r.Broker, queries...)
	for life := range kills {
		before, more := r.written(t), 1+rand.Int64N(12)
		cmd := startChild(t, spec)
		require.Eventually(t, func() bool { return r.written(t) >= before+more || r.answered(t) == int64(len(queries)) },
			4*waitLong, time.Millisecond, "life %d", life)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	cmd := startChild(t, spec)
	t.Cleanup(func() { quit(t, cmd) })
	r.answers(t, queries...)
	last := query("thread 0", "the last question") // who answers it can be interrupted
	r.ask(t, last)
	queries = append(queries, last)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait())
	r.audit(t, db, book, queries)
}

// audit says what was lost, doubled or asked twice.
func (r *rig) audit(t *testing.T, db, book string, queries []event.Event) {
	t.Helper()
	made, err := lines(book)
	require.NoError(t, err)
	require.Len(t, made, entries*len(queries), "effects")
	for call, n := range made {
		require.Equal(t, 1, n, "effect of call %s", call)
	}
	given := map[string]int{}
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Answers) {
		a := e.Data.(*event.AnswerGiven)
		require.Equal(t, event.AnswerState_ANSWER_STATE_ANSWERED, a.GetState(), a.GetError())
		given[a.GetQueryId()]++
	}
	for _, q := range queries {
		require.Equal(t, 1, given[q.ID], "answers of query %s", q.ID)
	}
	store, err := checkpoint.OpenSQLite(t.Context(), db)
	require.NoError(t, err)
	defer store.Close()
	inputs := map[string]int{}
	for i := range 7 {
		list, err := store.History(t.Context(), fmt.Sprintf(`"default"/thread %d`, i), "", 1_000_000)
		require.NoError(t, err)
		for _, p := range list {
			if p.Source == checkpoint.SourceInput {
				inputs[p.RunID]++
			}
		}
	}
	require.Len(t, inputs, len(queries), "inputs")
	for run, n := range inputs {
		require.Equal(t, 1, n, "inputs of run %s", run)
	}
	t.Logf("%d runs, %d effects: none lost, none twice", len(queries), len(made))
}

// written is how many spans and answers there are, answered how many answers.
func (r *rig) written(t *testing.T) int64  { return r.count(t, topic.Spans) + r.answered(t) }
func (r *rig) answered(t *testing.T) int64 { return r.count(t, topic.Answers) }

func (r *rig) count(t *testing.T, name string) int64 {
	t.Helper()
	all, err := r.Broker.Ranges(t.Context(), name)
	require.NoError(t, err)
	var n int64
	for _, p := range all[name] {
		n += p.End - p.Start
	}
	return n
}
