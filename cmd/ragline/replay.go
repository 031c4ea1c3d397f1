package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/cmd/internal/threads"
)

func replayCommand(c *cli) *cobra.Command {
	var e edits
	var f fill
	cmd := &cobra.Command{
		Use:   "replay {THREAD CHECKPOINT | --to NAME [--from TIME]}",
		Short: "Run again: a conversation from a checkpoint, or the log into an observability backend",
		Long: `ragline replay THREAD CHECKPOINT runs a conversation again from a checkpoint and prints its steps as they happen, then
the answer. What was before the checkpoint does not run again; what was after it stays in the history. The run is like any
other: it is published, traced and stored, and sensitive actions wait for a person. An action that waits on the thread is
dropped. With --set or --question the state is edited first, as ragline fork does.

ragline replay --to NAME fills an observability backend from the log: every span, score and feedback from a time on, each
once. NAME begins with langfuse, langsmith or otlp. Address and keys are those of the settings, so set them to the new
server's for this command. What is done is written down in Kafka under NAME: the same command goes on where it was
stopped or killed, another NAME starts anew. Scores keep the time at which they were given.`,
		Example: `  ragline replay 01a2063d 01a2063d-1b77
  ragline replay 01a2063d 01a2063d-1b77 --question "What does API 641 cover?"
  ragline replay 01a2063d 01a2063d-1b77 --set max_steps=3
  LANGFUSE_HOST=https://new.example.com ragline replay --to langfuse-new --from 2026-01-01 --dry-run
  LANGFUSE_HOST=https://new.example.com ragline replay --to langfuse-new --from 2026-01-01`,
		Args:    f.check,
		PreRunE: func(*cobra.Command, []string) error { return e.parse() },
	}
	ofThread := c.withAgent(func(ctx context.Context, a *agentCall, args []string) error {
		return a.replay(ctx, args[0], args[1], &e)
	})
	ofLog := c.withConfig(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), c) })
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("to") {
			return ofLog(cmd, args)
		}
		return ofThread(cmd, args)
	}
	e.flags(cmd)
	f.flags(cmd)
	return jsonFlag(c, cmd)
}

// replayed is what a replay came to, for scripts.
type replayed struct {
	ThreadID   string                     `json:"thread_id"`
	RunID      string                     `json:"run_id"`
	From       string                     `json:"from"`
	Checkpoint string                     `json:"checkpoint_id"`
	Steps      []step                     `json:"steps"`
	Answer     string                     `json:"answer"`
	Interrupts []threads.Interrupt        `json:"interrupts"`
	Error      *threads.Failure           `json:"error,omitempty"`
	Values     map[string]json.RawMessage `json:"values"`

	next []string
}

// step is one node of a run.
type step struct {
	Node   string                     `json:"node"`
	TookMS float64                    `json:"took_ms"`
	Result map[string]json.RawMessage `json:"result,omitempty"`
	Error  string                     `json:"error,omitempty"`
}

func (a *agentCall) replay(ctx context.Context, thread, checkpoint string, e *edits) error {
	t, err := a.FindThread(ctx, thread)
	if err != nil {
		return err
	}
	from, err := a.FindCheckpoint(ctx, t.ID, checkpoint)
	if err != nil {
		return err
	}
	r := &replayed{ThreadID: t.ID, From: from.ID(), Steps: []step{}, Interrupts: []threads.Interrupt{}}
	if !e.none() {
		if r.From, err = a.edit(ctx, t.ID, from, e); err != nil {
			return err
		}
	}
	a.wait.on("waiting for the thread's turn")
	err = a.follow(ctx, t, r)
	a.wait.end()
	if ctx.Err() != nil && r.RunID != "" {
		return fmt.Errorf("no longer watching; the run goes on, see: ragline history %s", t.ID)
	}
	if err != nil {
		return err
	}
	return a.conclude(r)
}

// follow runs the thread and prints its steps.
func (a *agentCall) follow(ctx context.Context, t threads.Thread, r *replayed) error {
	graph := cmp.Or(plain(t.Metadata["graph_id"]), "agent")
	started := map[string]time.Time{}
	for e, err := range a.Replay(ctx, t.ID, graph, r.From) {
		switch {
		case err != nil:
			return err
		case e.Run != nil:
			r.RunID = e.Run.ID
		case e.Started != nil:
			started[e.Started.ID] = e.At
			a.wait.on(e.Started.Name)
		case e.Finished != nil:
			s := step{Node: e.Finished.Name, Result: e.Finished.Result, Error: e.Finished.Error}
			s.TookMS = float64(e.At.Sub(started[e.Finished.ID]).Microseconds()) / 1e3
			r.Steps, r.Interrupts = append(r.Steps, s), append(r.Interrupts, e.Finished.Interrupts...)
			a.printStep(s)
		case e.Checkpoint != nil:
			r.Checkpoint, r.Values, r.next = e.Checkpoint.ID(), e.Checkpoint.Values, e.Checkpoint.Next
		case e.Failed != nil:
			r.Error = e.Failed
		}
	}
	return nil
}

func (a *agentCall) printStep(s step) {
	a.wait.on("working")
	if a.json {
		return
	}
	what := a.out.Bad(term.Cut(s.Error, 200))
	if s.Error == "" {
		what = a.out.Dim(summary(s.Result))
	}
	took := time.Duration(s.TookMS * float64(time.Millisecond))
	a.out.Linef("%s  %s  %s", pad(term.Cut(s.Node, 20), 16), pad(pretty(took), 9), what)
}

// summary shows what a step wrote, on one line: its messages, or else the names of the keys.
func summary(result map[string]json.RawMessage) string {
	var parts []string
	for _, m := range messages(result) {
		parts = append(parts, m.String())
	}
	if len(parts) == 0 {
		parts = slices.Sorted(maps.Keys(result))
	}
	return term.Cut(strings.Join(parts, ", "), 120)
}

// conclude prints what came of it.
func (a *agentCall) conclude(r *replayed) error {
	r.Answer = answered(r.Values)
	waits := len(r.Interrupts) > 0
	if waits || len(r.next) > 0 {
		r.Answer = "" // that of an earlier run
	}
	var failed error
	switch {
	case r.Error != nil:
		failed = fmt.Errorf("the run failed: %s", r.Error.Message)
	case !waits && len(r.next) > 0:
		failed = errors.New("the run stopped before its end: it was cancelled, or the agent is going down")
	}
	if a.json {
		return errors.Join(a.out.JSON(r), failed)
	}
	if failed != nil {
		return failed
	}
	a.out.Linef("")
	a.waitingFor(r.Interrupts)
	if r.Answer != "" {
		a.out.Linef("%s", term.Clean(r.Answer))
	}
	a.out.Linef("%s", a.out.Dim(fmt.Sprintf("  %d steps, run %s, checkpoint %s", len(r.Steps), r.RunID, r.Checkpoint)))
	if plain(r.Values["state"]) == "failed" { // the answer says why
		return errSaid
	}
	return nil
}
