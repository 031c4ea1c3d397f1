package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/deploy/embedded/kafka"
)

// brokerCommand is the body of the embedded broker's process. `ragline up` starts it.
func brokerCommand(c *cli) *cobra.Command {
	var opts kafka.Options
	cmd := &cobra.Command{
		Use:    "broker",
		Short:  "Serve the embedded broker (started by ragline up)",
		Hidden: true,
		Args:   args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Logger = app.NewLogger(c.err.Writer(), 0, "text")
			opts.LockWait = 10 * time.Second
			return kafka.Main(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.DataDir, "data-dir", "", "directory of the log")
	cmd.Flags().StringVar(&opts.Addr, "addr", "127.0.0.1:9092", "address to listen on")
	return cmd
}
