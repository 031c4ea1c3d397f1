package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/sink"
)

func rebuildCommand(c *cli) *cobra.Command {
	var reprice bool
	cmd := &cobra.Command{
		Use:   "rebuild TABLE...",
		Short: "Replay the log into new tables of ClickHouse and swap them in; the sink may run meanwhile",
		Long: `Replays the log into a new table, takes over the rows whose records the log no longer has, and swaps
the tables: for a new version that stores something differently, and for what ` + "`ragline verify`" + ` finds.

With --reprice the costs of model calls in spans are computed anew from their tokens, by the price table that was added
last (` + "`ragline prices update`" + `) or else by the program's own, and each row carries the table's version. A call whose model the
table does not know keeps its event's cost. A rebuild without --reprice brings the events' costs back.

Tables: ` + strings.Join(sink.TableNames(), ", "),
		Example:   "  ragline rebuild spans spans_full\n  ragline rebuild spans --reprice",
		Args:      args(cobra.MinimumNArgs(1)),
		ValidArgs: sink.TableNames(),
		RunE: c.withConfig(func(cmd *cobra.Command, tables []string) error {
			for _, table := range tables {
				if !slices.Contains(sink.TableNames(), table) {
					return usagef("unknown table %q: %s", table, strings.Join(sink.TableNames(), ", "))
				}
				if reprice && table != "spans" {
					return usagef("--reprice goes with the table spans alone, not with %s", table)
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
				var rows uint64
				prices := ""
				if reprice {
					rows, prices, err = sink.Reprice(cmd.Context(), b, w, c.logger(), bar.set)
					prices = ", priced by table " + prices
				} else {
					rows, err = sink.Rebuild(cmd.Context(), b, w, c.logger(), table, bar.set)
				}
				bar.end()
				if err != nil {
					return err
				}
				c.out.Linef("rebuilt %s: %d rows%s", table, rows, prices)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&reprice, "reprice", false, "compute the costs in spans anew, by the latest price table")
	return cmd
}
