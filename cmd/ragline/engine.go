package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
)

func engineCommand(c *cli) *cobra.Command {
	cmd := group("engine", "Fetch and find the embedded ClickHouse engine")
	cmd.AddCommand(
		&cobra.Command{
			Use: "fetch", Short: "Fetch the engine through npm unless it is there (178 MB, 566 MB on disk)", Args: args(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error {
				if err := clickhouse.Prepare(cmd.Context(), c.err.Writer()); err != nil {
					return err
				}
				c.out.Linef("the engine is ready")
				return nil
			},
		},
		&cobra.Command{
			Use: "path", Short: "Print where the engine is", Args: args(cobra.NoArgs),
			RunE: func(*cobra.Command, []string) error {
				path, err := clickhouse.FindLibrary()
				if server, ok := clickhouse.FindServer(); err != nil && ok {
					path, err = server, nil
				}
				if err != nil {
					return err
				}
				c.out.Linef("%s", path)
				return nil
			},
		},
	)
	return cmd
}
