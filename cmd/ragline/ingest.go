package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/knowledge"
)

func ingestCommand(c *cli) *cobra.Command {
	var opts knowledge.Options
	cmd := &cobra.Command{
		Use:   "ingest DIR",
		Short: "Publish a folder of documents (Markdown, text, HTML, PDF); what has not changed is left alone",
		Args:  args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			opts.Config, opts.Tenant = c.cfg.Knowledge, c.cfg.General.Tenant
			if c.err.Terminal() {
				opts.Progress = func(p knowledge.Progress) {
					fmt.Fprintf(c.err.Writer(), "\r\x1b[K%d/%d %s", p.Done, p.Total, term.Cut(p.Path, 60))
				}
			}
			report, err := knowledge.Ingest(cmd.Context(), args[0], b, opts)
			if c.err.Terminal() {
				fmt.Fprint(c.err.Writer(), "\r\x1b[K")
			}
			if err != nil {
				return fmt.Errorf("ingesting %s (%s so far): %w", args[0], report, err)
			}
			if c.json {
				return c.out.JSON(report)
			}
			for _, s := range report.Skipped {
				c.out.Linef("%s %s: %s", c.out.Odd("skipped"), term.Cut(s.Path, 80), term.Cut(s.Reason, 200))
			}
			c.out.Linef("%s", report)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&opts.Prune, "prune", false, "remove documents of the collection whose files are gone")
	cmd.Flags().StringVar(&opts.Collection, "collection", "", "name that prune goes by (default: the folder's name)")
	return jsonFlag(c, cmd)
}
