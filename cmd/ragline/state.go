package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/cmd/internal/threads"
)

func stateCommand(c *cli) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "state THREAD",
		Short: "Show what a conversation holds, now or at a checkpoint",
		Example: `  ragline state 01a2063d
  ragline state 01a2063d --at 01a2063d-1b77
  ragline state 01a2063d --json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: c.withAgent(func(ctx context.Context, a *agentCall, args []string) error {
			return a.state(ctx, args[0], at)
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "the checkpoint, or the beginning of its id (default: the newest)")
	return jsonFlag(c, cmd)
}

func (a *agentCall) state(ctx context.Context, thread, at string) error {
	t, err := a.FindThread(ctx, thread)
	if err != nil {
		return err
	}
	var s threads.State
	if at == "" {
		s, err = a.State(ctx, t.ID, "")
	} else {
		s, err = a.FindCheckpoint(ctx, t.ID, at)
	}
	if err != nil {
		return err
	}
	a.wait.end()
	if a.json {
		return a.out.JSON(s)
	}
	if s.ID() == "" {
		a.out.Linef("thread %s has no checkpoints yet: nothing was asked", t.ID)
		return nil
	}
	a.printState(t, s)
	return nil
}

func (a *agentCall) printState(t threads.Thread, s threads.State) {
	lines := [][2]string{
		{"thread", t.ID + " (" + t.Status + ")"},
		{"checkpoint", s.ID()},
		{"from", s.ParentID()},
		{"next", next(s)},
	}
	if s.CreatedAt != nil {
		lines = append(lines, [2]string{"stored", clock(*s.CreatedAt) + ", " + ago(*s.CreatedAt, time.Now())})
	}
	for _, line := range lines {
		if line[1] != "" {
			a.out.Linef("%s %s", a.out.Dim(pad(line[0], 10)), term.Cut(line[1], 200))
		}
	}
	keys := slices.Sorted(maps.Keys(s.Values))
	width := 0
	for _, key := range keys {
		width = max(width, len(key))
	}
	a.out.Linef("")
	for _, key := range keys {
		label := a.out.Bold(pad(term.Cut(key, 60), width))
		list := messages(map[string]json.RawMessage{"messages": s.Values[key]})
		if key != "messages" || len(list) == 0 {
			a.out.Linef("%s  %s", label, term.Cut(plain(s.Values[key]), 200))
			continue
		}
		for _, m := range list {
			a.out.Linef("%s  %s", label, term.Cut(m.String(), 200))
			label = pad("", width)
		}
	}
	a.waitingFor(s.Interrupts())
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-len(s))) }
