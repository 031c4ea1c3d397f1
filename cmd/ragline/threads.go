package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/threads"
)

func threadsCommand(c *cli) *cobra.Command {
	q := threads.Query{SortBy: "updated_at"}
	var metadata []string
	cmd := &cobra.Command{
		Use:   "threads",
		Short: "List the agent's conversations, the newest first",
		Long: `List the agent's conversations: what each is about, how it stands, and since when.

busy: a run is under way. interrupted: a run waits for a person. error: the last run failed. idle: none of these.`,
		Example: `  ragline threads
  ragline threads --status interrupted
  ragline threads --metadata customer=acme --json`,
		Args: args(cobra.NoArgs),
		RunE: c.withAgent(func(ctx context.Context, a *agentCall, _ []string) error {
			var err error
			if q.Metadata, err = pairs("--metadata", metadata); err != nil {
				return err
			}
			return a.listThreads(ctx, q)
		}),
	}
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if all := []string{"", "idle", "busy", "interrupted", "error"}; !slices.Contains(all, q.Status) {
			return usagef("--status %s: it is one of %s", q.Status, strings.Join(all[1:], ", "))
		}
		return checkLimit(q.Limit)
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Status, "status", "", "only those: idle, busy, interrupted, error")
	flags.StringArrayVar(&metadata, "metadata", nil, "only those with key=value in their metadata; may be repeated")
	flags.IntVar(&q.Limit, "limit", 20, "most threads to list, up to 1000")
	return jsonFlag(c, cmd)
}

func checkLimit(limit int) error {
	if limit < 1 || limit > threads.MostThreads {
		return usagef("--limit %d: allowed are 1 to %d", limit, threads.MostThreads)
	}
	return nil
}

func (a *agentCall) listThreads(ctx context.Context, q threads.Query) error {
	list, total, err := a.Threads(ctx, q)
	if err != nil {
		return err
	}
	a.wait.end()
	if a.json {
		return a.out.JSON(list)
	}
	if total == 0 {
		a.out.Linef("no such threads; `ragline ask` begins one")
		return nil
	}
	rows := make([][]string, len(list))
	waiting := false
	for i, t := range list {
		waiting = waiting || t.Status == "interrupted"
		rows[i] = []string{t.ID, t.Status, ago(t.UpdatedAt, time.Now()), clock(t.UpdatedAt), asked(t.Values)}
	}
	a.out.Table([]string{"thread", "status", "changed", "at", "about"}, rows)
	if len(list) < total {
		a.out.Linef("%d of %d threads: --limit shows more", len(list), total)
	}
	if waiting {
		a.out.Linef("%s", a.out.Dim("what waits for a person: ragline review list"))
	}
	a.out.Linef("%s", a.out.Dim("what happened in one: ragline history THREAD"))
	return nil
}
