package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/cmd/internal/threads"
)

func historyCommand(c *cli) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "history THREAD",
		Short: "List a conversation's checkpoints, one for each step, the newest first",
		Long: `List a conversation's checkpoints: where each comes from, which step ran, which comes next, and what changed.

source is input (a question), loop (a step), update (an edit) or fork (a replay). from is shown where a checkpoint does not
follow the one below it: a branch. Ids are shortened; the commands take them so.`,
		Example: `  ragline history 01a2063d-1920-7c3e-a8f4-5b1c7d2e9f30
  ragline history 01a2063d --limit 200 --json`,
		Args:    args(cobra.ExactArgs(1)),
		PreRunE: func(*cobra.Command, []string) error { return checkLimit(limit) },
		RunE: c.withAgent(func(ctx context.Context, a *agentCall, args []string) error {
			return a.history(ctx, args[0], limit)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "most checkpoints to list, up to 1000")
	return jsonFlag(c, cmd)
}

func (a *agentCall) history(ctx context.Context, thread string, limit int) error {
	t, err := a.FindThread(ctx, thread)
	if err != nil {
		return err
	}
	list, err := a.History(ctx, t.ID, "", min(limit+1, threads.MostThreads)) // one more: is there more, and what did the last one change
	if err != nil {
		return err
	}
	a.wait.end()
	shown := list[:min(limit, len(list))]
	if a.json {
		return a.out.JSON(shown)
	}
	if len(list) == 0 {
		a.out.Linef("thread %s has no checkpoints yet: nothing was asked", t.ID)
		return nil
	}
	a.printHistory(list, len(shown))
	if len(shown) < len(list) {
		a.out.Linef("the newest %d checkpoints: --limit shows more", len(shown))
	}
	a.waitingFor(list[0].Interrupts())
	a.out.Linef("%s", a.out.Dim("one of them: ragline state "+t.ID+" --at CHECKPOINT; from there again: ragline replay "+t.ID+" CHECKPOINT"))
	return nil
}

func (a *agentCall) printHistory(list []threads.State, count int) {
	states, ids := map[string]threads.State{}, make([]string, len(list))
	for i, s := range list {
		states[s.ID()], ids[i] = s, s.ID()
	}
	length := threads.Short(ids)
	short := func(id string) string { return id[:min(length, len(id))] }
	rows := make([][]string, count)
	for i, s := range list[:count] {
		from := ""
		if below := i + 1; s.ParentID() != "" && (below == len(list) || list[below].ID() != s.ParentID()) {
			from = short(s.ParentID())
		}
		var at time.Time
		if s.CreatedAt != nil {
			at = *s.CreatedAt
		}
		ran, keys := "", ""
		if parent, known := states[s.ParentID()]; known {
			keys = term.Cut(changed(parent.Values, s.Values), 40)
			if s.Metadata.Source == "loop" {
				ran = strings.Join(parent.Next, ", ")
			}
		}
		rows[i] = []string{
			short(s.ID()), strconv.Itoa(s.Metadata.Step), s.Metadata.Source, from, ran, next(s), ago(at, time.Now()), clock(at), keys,
		}
	}
	a.out.Table([]string{"checkpoint", "step", "source", "from", "ran", "next", "when", "at", "changed"}, rows)
}

// next is what a checkpoint is followed by.
func next(s threads.State) string {
	var out []string
	for _, t := range s.Tasks {
		switch {
		case t.Error != "":
			out = append(out, t.Name+" (failed: "+t.Error+")")
		case len(t.Interrupts) > 0:
			out = append(out, t.Name+" (waits)")
		default:
			out = append(out, t.Name)
		}
	}
	if len(out) == 0 {
		out = s.Next
	}
	return strings.Join(out, ", ")
}

// changed names the keys whose values differ.
func changed(before, after map[string]json.RawMessage) string {
	var keys []string
	for key, value := range after {
		if !bytes.Equal(value, before[key]) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}
