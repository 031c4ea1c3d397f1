package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/producers/sdk"
)

func feedbackCommand(c *cli) *cobra.Command {
	f := sdk.Feedback{Channel: "cli"}
	cmd := &cobra.Command{
		Use:   "feedback TRACE",
		Short: "Say whether an answer was good, and what it should have been",
		Example: `  ragline feedback --value 1 4bf92f3577b34da6a3ce929d0e0e4736
  ragline feedback --value 0 --correct "API 622 runs 1,510 mechanical cycles." 4bf92f3577b34da6a3ce929d0e0e4736`,
		Args: args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("value") {
				return usagef("--value is missing: 0 is bad, 1 is good")
			}
			f.TraceID = args[0]
			client, err := c.client(cmd.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			id, err := client.Feedback(cmd.Context(), f)
			if err != nil {
				return &usageError{err}
			}
			c.out.Linef("recorded %s", id)
			return nil
		}),
	}
	cmd.Flags().Float64Var(&f.Value, "value", 0, "from 0 (bad) to 1 (good)")
	cmd.Flags().StringVar(&f.Comment, "comment", "", "why")
	cmd.Flags().StringVar(&f.CorrectedAnswer, "correct", "", "what the answer should have been")
	return cmd
}
