package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
)

func versionCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.out.JSON(map[string]string{"version": app.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			c.out.Linef("ragline %s (%s, %s/%s)", app.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	})
}
