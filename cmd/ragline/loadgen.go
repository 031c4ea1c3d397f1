package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/producers/loadgen"
)

func loadgenCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use:   "loadgen",
		Short: "Publish seeded synthetic traffic (settings: RAGLINE_LOADGEN_*)",
		Args:  args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			pack, err := domain.Load(c.cfg.General.DomainDir)
			if err != nil {
				return err
			}
			pub, err := c.publisher(cmd.Context())
			if err != nil {
				return err
			}
			defer pub.Close()
			var questions []string
			for _, s := range pack.Seeds {
				questions = append(questions, s.Question)
			}
			var report func(loadgen.Stats)
			if c.err.Terminal() {
				report = func(s loadgen.Stats) {
					fmt.Fprintf(c.err.Writer(), "\r\x1b[K%d events, %.0f/s", s.Total, s.PerSecond())
				}
			}
			stats, err := loadgen.Run(cmd.Context(), c.cfg.Loadgen, questions, pub, report)
			if c.err.Terminal() {
				fmt.Fprint(c.err.Writer(), "\r\x1b[K")
			}
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(stats)
			}
			c.out.Linef("%d events, %.0f/s", stats.Total, stats.PerSecond())
			return nil
		}),
	})
}
