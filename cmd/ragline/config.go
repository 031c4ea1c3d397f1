package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
)

func configCommand(c *cli) *cobra.Command {
	cmd := group("config", "Check and show settings")
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check",
			Short: "Check the settings and exit: 0 when they are right, 2 when not",
			Args:  args(cobra.NoArgs),
			RunE: c.withConfig(func(*cobra.Command, []string) error {
				environ, err := app.Environ(c.envFile)
				if err != nil {
					return &usageError{err}
				}
				if _, err := app.LoadPack(c.cfg); err != nil {
					return err
				}
				for _, w := range app.Warnings(c.cfg, environ) {
					c.out.Linef("%s %s\n  %s", c.out.Odd("warning:"), w.Message, w.Explain)
				}
				c.out.Linef("%s", c.out.Good("settings are right"))
				return nil
			}),
		},
		jsonFlag(c, &cobra.Command{
			Use:   "show",
			Short: "Print every setting with the value in force; secrets are hidden",
			Args:  args(cobra.NoArgs),
			RunE: c.withConfig(func(*cobra.Command, []string) error {
				values := app.Show(c.cfg)
				if c.json {
					return c.out.JSON(values)
				}
				rows := make([][]string, len(values))
				for i, v := range values {
					rows[i] = []string{v.Name, v.Value, v.Doc}
				}
				c.out.Table([]string{"setting", "value", "meaning"}, rows)
				return nil
			}),
		}),
		&cobra.Command{
			Use:   "example",
			Short: "Print a commented .env with every setting and its default",
			Args:  args(cobra.NoArgs),
			RunE: func(*cobra.Command, []string) error {
				_, err := c.out.Writer().Write([]byte(app.Example()))
				return err
			},
		},
	)
	return cmd
}
