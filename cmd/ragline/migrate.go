package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/warehouse"
)

func migrateCommand(c *cli) *cobra.Command {
	var roles bool
	var tenants []string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring ClickHouse's tables and views up to date (the sink does so at its start)",
		Long: `Creates the tables that are missing, replaces the views that changed, and sets the retention.

With --roles it also makes the roles ragline_writer (for the sink) and ragline_analyst (reads, within limits), and for
each --tenant the role ragline_tenant_NAME, which sees the rows of that tenant only: on a ClickHouse server whose user
here has access management. Give users a role with: GRANT ragline_analyst TO somebody`,
		Args: args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			w, err := c.openWarehouse(false)
			if err != nil {
				return err
			}
			defer w.Close()
			applied, err := w.Migrate(cmd.Context())
			for _, name := range applied {
				c.out.Linef("applied %s", name)
			}
			if _, answered := warehouse.Code(err); err != nil && !answered {
				return noAnswer(err)
			}
			if err == nil && len(applied) == 0 {
				c.out.Linef("everything is up to date")
			}
			if err != nil || !roles && len(tenants) == 0 {
				return err
			}
			if err := w.Roles(cmd.Context(), tenants...); err != nil {
				return err
			}
			c.out.Linef("the roles are made")
			return nil
		}),
	}
	cmd.Flags().BoolVar(&roles, "roles", false, "make the roles of writers and analysts as well")
	cmd.Flags().StringSliceVar(&tenants, "tenant", nil, "make the role of this tenant's analysts as well; may be repeated")
	return cmd
}
