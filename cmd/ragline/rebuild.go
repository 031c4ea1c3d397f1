package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/sink"
)

func rebuildCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild TABLE...",
		Short: "Replay the log into new tables of ClickHouse and swap them in; the sink may run meanwhile",
		Long: `Replays the log into a new table, takes over the rows whose records the log no longer has, and swaps
the tables: for a new version that stores something differently, and for what ` + "`ragline verify`" + ` finds.

Tables: ` + strings.Join(sink.TableNames(), ", "),
		Example:   "  ragline rebuild spans spans_full",
		Args:      args(cobra.MinimumNArgs(1)),
		ValidArgs: sink.TableNames(),
		RunE: c.withConfig(func(cmd *cobra.Command, tables []string) error {
			for _, table := range tables {
				if !slices.Contains(sink.TableNames(), table) {
					return usagef("unknown table %q: %s", table, strings.Join(sink.TableNames(), ", "))
				}
			}
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			w, err := c.warehouse(cmd.Context(), false)
			if err != nil {
				return err
			}
			defer w.Close()
			for _, table := range tables {
				bar := newProgress(c.err, table)
				rows, err := sink.Rebuild(cmd.Context(), b, w, c.logger(), table, bar.set)
				bar.end()
				if err != nil {
					return err
				}
				c.out.Linef("rebuilt %s: %d rows", table, rows)
			}
			return nil
		}),
	}
}
