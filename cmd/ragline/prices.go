package main

import (
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/warehouse"
)

func pricesCommand(c *cli) *cobra.Command {
	cmd := group("prices", "Add a price table to the analytics, or list the tables")
	cmd.AddCommand(
		&cobra.Command{
			Use:   "update FILE",
			Short: "Add a price table, for ragline rebuild spans --reprice",
			Long: `Adds a price table to ClickHouse. Rows keep the cost and the table's version that their events were published with,
until ` + "`ragline rebuild spans --reprice`" + ` computes the costs anew by the table that was added last.

The file is JSON: {"version": "2026-11-24", "source": "where from", "prices": [
  {"model": "gpt-5-mini(-\\d+)?", "input": 0.25, "cached": 0.025, "output": 2},
  {"model": "gpt-5-mini(-\\d+)?", "above_input_tokens": 200000, "input": 0.5, "cached": 0.05, "output": 4}]}
A pattern must match a model's whole name, the first that does counts; amounts are USD for a million tokens.`,
			Args: args(cobra.ExactArgs(1)),
			RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
				text, err := os.ReadFile(args[0])
				if err != nil {
					return usagef("%w", err)
				}
				table, err := warehouse.ParsePrices(text)
				if err != nil {
					return usagef("%w", err)
				}
				w, err := c.warehouse(cmd.Context(), false)
				if err != nil {
					return err
				}
				defer w.Close()
				if err := w.AddPrices(cmd.Context(), table, time.Now()); err != nil {
					return err
				}
				c.out.Linef("added price table %s with %d prices", table.Version, len(table.Prices))
				return nil
			}),
		},
		jsonFlag(c, &cobra.Command{
			Use: "list", Short: "List the price tables, the latest first", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
				w, err := c.warehouse(cmd.Context(), true)
				if err != nil {
					return err
				}
				defer w.Close()
				list, err := w.PriceTables(cmd.Context())
				if err != nil {
					return err
				}
				if c.json {
					return c.out.JSON(list)
				}
				rows := make([][]string, len(list))
				for i, t := range list {
					rows[i] = []string{t.Version, t.AddedAt.Local().Format(time.DateTime), strconv.FormatUint(t.Prices, 10), t.Source}
				}
				c.out.Table([]string{"version", "added", "prices", "source"}, rows)
				return nil
			}),
		}),
	)
	return cmd
}
