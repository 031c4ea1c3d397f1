package main

import (
	"context"

	"github.com/spf13/cobra"
)

func forkCommand(c *cli) *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use:   "fork THREAD CHECKPOINT",
		Short: "Edit a conversation's state at a checkpoint, as a new checkpoint beside what followed; nothing runs",
		Long: `Write values into the state at a checkpoint. They become a new checkpoint, a branch beside what followed;
ragline replay runs it.

Values are written as if a node had returned them: keys that collect, such as messages, get them added, and the step that
comes next is the one after that node. --question replaces the question that was asked.`,
		Example: `  ragline fork 01a2063d 01a2063d-1b77 --question "What does API 641 cover?"
  ragline fork 01a2063d 01a2063d-1b77 --set max_steps=3`,
		Args: args(cobra.ExactArgs(2)),
		PreRunE: func(*cobra.Command, []string) error {
			if err := e.parse(); err != nil {
				return err
			}
			if e.none() {
				return usagef("say what to change: --set key=value, or --question")
			}
			return nil
		},
		RunE: c.withAgent(func(ctx context.Context, a *agentCall, args []string) error {
			return a.fork(ctx, args[0], args[1], &e)
		}),
	}
	e.flags(cmd)
	return jsonFlag(c, cmd)
}

func (a *agentCall) fork(ctx context.Context, thread, checkpoint string, e *edits) error {
	t, err := a.FindThread(ctx, thread)
	if err != nil {
		return err
	}
	at, err := a.FindCheckpoint(ctx, t.ID, checkpoint)
	if err != nil {
		return err
	}
	id, err := a.edit(ctx, t.ID, at, e)
	if err != nil {
		return err
	}
	s, err := a.State(ctx, t.ID, id)
	if err != nil {
		return err
	}
	a.wait.end()
	if a.json {
		return a.out.JSON(s)
	}
	a.out.Linef("forked: %s", s.ID())
	a.out.Linef("  changed: %s; next: %s", e.keys(), next(s))
	a.out.Linef("  %s", a.out.Dim("ragline replay "+t.ID+" "+s.ID()))
	return nil
}
