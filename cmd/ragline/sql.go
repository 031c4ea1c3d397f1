package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func sqlCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use:   "sql [STATEMENT]",
		Short: "Query the analytics and print a table; reads standard input without a statement",
		Example: `  ragline sql "SELECT * FROM records_per_topic"
  ragline sql "SHOW TABLES"
  ragline sql --json "SELECT name, avg(value) FROM scores GROUP BY name"`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			statement := strings.Join(args, "")
			if statement == "" {
				text, err := io.ReadAll(os.Stdin)
				if err != nil {
					return err
				}
				statement = string(text)
			}
			if strings.TrimSpace(statement) == "" {
				return usagef("no statement: give one, or pipe it in")
			}
			w, err := c.warehouse(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer w.Close()
			result, err := w.Table(cmd.Context(), statement)
			if err != nil {
				return err
			}
			if c.json {
				return result.WriteJSON(c.out.Writer())
			}
			return result.WriteText(c.out.Writer())
		}),
	})
}
