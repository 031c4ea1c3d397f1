package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/domain"
)

func datasetCommand(c *cli) *cobra.Command {
	cmd := group("dataset", "List, show and build training datasets")
	cmd.AddCommand(
		jsonFlag(c, &cobra.Command{
			Use: "list", Short: "List the datasets, newest first", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(*cobra.Command, []string) error {
				list, err := dataset.List(c.cfg.Dataset.Dir)
				if err != nil {
					return err
				}
				if c.json {
					return c.out.JSON(list)
				}
				if len(list) == 0 {
					c.out.Linef("no datasets in %s; build one with `ragline dataset build`", c.cfg.Dataset.Dir)
					return nil
				}
				rows := make([][]string, len(list))
				for i, d := range list {
					rows[i] = []string{d.DatasetID, d.Name, d.BuiltAt.Local().Format("2006-01-02 15:04:05"), counts(d.TierRows), counts(d.SplitRows)}
				}
				c.out.Table([]string{"dataset", "series", "built", "tiers", "splits"}, rows)
				return nil
			}),
		}),
		jsonFlag(c, &cobra.Command{
			Use: "show DATASET", Short: "Show the manifest of a dataset; the beginning of its id is enough", Args: args(cobra.ExactArgs(1)),
			RunE: c.withConfig(func(_ *cobra.Command, args []string) error {
				d, err := dataset.Show(c.cfg.Dataset.Dir, args[0])
				if err != nil {
					return err
				}
				if c.json {
					return c.out.JSON(d)
				}
				c.printDataset(d)
				return nil
			}),
		}),
		buildDatasetCommand(c),
	)
	return cmd
}

func buildDatasetCommand(c *cli) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build a dataset from the whole log and announce it",
		Args:  args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			pack, err := domain.Load(c.cfg.General.DomainDir)
			if err != nil {
				return err
			}
			builder, err := dataset.New(c.cfg.Dataset, b, pack, c.logger())
			if err != nil {
				return err
			}
			ready, err := builder.Build(cmd.Context(), force)
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(ready)
			}
			c.out.Linef("%s  %s  %s  in %s", c.out.Bold(ready.GetDatasetId()), counts(ready.GetTierRows()), counts(ready.GetSplitRows()), ready.GetUri())
			return nil
		}),
	}
	cmd.Flags().BoolVar(&force, "force", false, "build although nothing has changed since the last one")
	return jsonFlag(c, cmd)
}

func (c *cli) printDataset(d dataset.Info) {
	c.out.Linef("%s  %s", c.out.Bold(d.DatasetID), d.Folder)
	c.out.Linef("tiers   %s", counts(d.TierRows))
	c.out.Linef("splits  %s", counts(d.SplitRows))
	rows := make([][]string, len(d.Files))
	for i, f := range d.Files {
		rows[i] = []string{f.Path, f.Format, f.Split, strconv.FormatInt(f.Rows, 10), strconv.FormatInt(f.Bytes, 10), f.SHA256}
	}
	c.out.Table([]string{"file", "format", "split", "rows", "bytes", "sha256"}, rows)
}

// counts renders "gold 24, silver 3", the largest first.
func counts[N int | int64](m map[string]N) string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		return m[names[i]] > m[names[j]] || m[names[i]] == m[names[j]] && names[i] < names[j]
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", name, m[name])
	}
	return strings.Join(parts, ", ")
}
