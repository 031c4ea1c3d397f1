package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/sink"
)

func verifyCommand(c *cli) *cobra.Command {
	var all bool
	cmd := jsonFlag(c, &cobra.Command{
		Use:   "verify",
		Short: "Prove that ClickHouse has every record of the log once (reads the whole log)",
		Long: `Reads the log as far as the sink has committed it and compares it with ClickHouse: for each partition
the number of records and rows, missing and doubled positions, and a hash over offsets and event ids;
then the rollups with the rows that they sum up. Exit code 1 when anything differs.`,
		Args: args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			w, err := c.warehouse(cmd.Context(), false)
			if err != nil {
				return err
			}
			defer w.Close()
			bar := newProgress(c.err, "reading the log")
			proof, err := sink.Verify(cmd.Context(), b, w, time.Now(), bar.set)
			bar.end()
			if err != nil {
				return err
			}
			if c.json {
				err = c.out.JSON(proof)
			} else {
				c.printProof(proof, all)
			}
			if err == nil && !proof.OK() {
				err = errSaid
			}
			return err
		}),
	})
	cmd.Flags().BoolVar(&all, "all", false, "show partitions without records as well")
	return cmd
}

func (c *cli) printProof(proof sink.Proof, all bool) {
	var rows [][]string
	var records, missing, doubled uint64
	for _, p := range proof.Partitions {
		records, missing, doubled = records+p.Records, missing+p.Missing, doubled+p.Doubled
		if all || p.Records+p.Rows > 0 || p.Lag > 0 {
			rows = append(rows, c.proofRow(p))
		}
	}
	c.out.Table([]string{"topic", "partition", "offsets", "records", "rows", "raw", "missing", "doubled", "ids", "texts", "lag"}, rows)
	for _, r := range proof.Rollups {
		c.out.Linef("rollup of %s: %d of %d rows  %s", r.Table, r.Summed, r.Rows, c.verdict(r.Equal()))
	}
	c.out.Linef("%d records, %d missing, %d doubled: %s", records, missing, doubled, c.verdict(proof.OK()))
}

func (c *cli) proofRow(p sink.Check) []string {
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	texts := ""
	if p.Beside != nil {
		texts = fmt.Sprintf("%d %s", p.Beside.Rows, c.verdict(p.Beside.Same && p.Beside.Rows == p.Beside.Expected))
	}
	return []string{
		p.Topic, strconv.Itoa(int(p.Partition)), fmt.Sprintf("%d-%d", p.From, p.To), n(p.Records), n(p.Rows), n(p.Raw),
		n(p.Missing), n(p.Doubled), c.verdict(p.Same), texts, strconv.FormatInt(p.Lag, 10),
	}
}

func (c *cli) verdict(ok bool) string {
	if ok {
		return c.out.Good("ok")
	}
	return c.out.Bad("WRONG")
}
