package main

import (
	"github.com/spf13/cobra"
)

func migrateCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring ClickHouse's tables and views up to date (the sink does so at its start)",
		Args:  args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			w, err := c.warehouse(cmd.Context(), false)
			if err != nil {
				return err
			}
			defer w.Close()
			applied, err := w.Migrate(cmd.Context())
			for _, name := range applied {
				c.out.Linef("applied %s", name)
			}
			if err == nil && len(applied) == 0 {
				c.out.Linef("everything is up to date")
			}
			return err
		}),
	}
}
