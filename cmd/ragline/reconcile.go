package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/consumers/exporter"
)

// inClickHouse is the column of ClickHouse among those of the backends.
const inClickHouse = "ClickHouse"

func reconcileCommand(c *cli) *cobra.Command {
	var from, until string
	cmd := jsonFlag(c, &cobra.Command{
		Use:   "reconcile",
		Short: "Count spans by the hour in Kafka, ClickHouse and each backend, and show what differs",
		Long: `Count the spans that began in each hour, each once: in Kafka, in ClickHouse, and in each backend of
OBSERVABILITY_BACKEND that can be asked: LangFuse and LangSmith. OTLP has no questions. A difference in the current hour may still be on its way.
Exit code 1 when something differs.`,
		Example: "  ragline reconcile --from 24h",
		Args:    args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			first, last, err := reconciled(from, until, time.Now())
			if err != nil {
				return err
			}
			return c.reconcile(cmd.Context(), first, last)
		}),
	})
	cmd.Flags().StringVar(&from, "from", "24h", "first hour: a time, or how long ago")
	cmd.Flags().StringVar(&until, "until", "0s", "last hour: a time, or how long ago")
	return cmd
}

// reconciled reads the bounds of what is counted, at most a long month.
func reconciled(from, until string, now time.Time) (first, last time.Time, err error) {
	if first, err = parseTime(from, now); err != nil {
		return first, last, err
	}
	if last, err = parseTime(until, now); err != nil {
		return first, last, err
	}
	if last.Sub(first) > 31*24*time.Hour || !first.Before(last) {
		return first, last, usagef("from %s until %s: want at most 31 days", from, until)
	}
	return first, last, nil
}

func (c *cli) reconcile(ctx context.Context, from, until time.Time) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	counts, unasked, err := exporter.Reconcile(ctx, c.cfg.Exporter, exporter.Deps{Broker: b, Logger: c.logger(), Version: app.Version}, from, until)
	if err != nil {
		return err
	}
	for _, name := range unasked {
		c.err.Linef("%s is left out: it cannot be asked", name)
	}
	if err := c.countStored(ctx, counts); err != nil {
		c.err.Linef("ClickHouse is left out: %v", err)
	}
	differs := slices.ContainsFunc(counts, different)
	if c.json {
		err = c.out.JSON(counts)
	} else {
		c.printCounts(counts)
	}
	if err == nil && differs {
		err = errSaid
	}
	return err
}

func different(n exporter.Count) bool {
	for _, there := range n.Backends {
		if there != n.Log {
			return true
		}
	}
	return false
}

// countStored adds ClickHouse to the counts.
func (c *cli) countStored(ctx context.Context, counts []exporter.Count) error {
	w, err := c.warehouse(ctx, true)
	if err != nil {
		return err
	}
	defer w.Close()
	var rows []struct {
		Hour  time.Time `ch:"hour"`
		Spans uint64    `ch:"spans"`
	}
	first, last := counts[0].Hour, counts[len(counts)-1].Hour.Add(time.Hour)
	err = w.Select(ctx, &rows, `SELECT toDateTime(toStartOfHour(start_time), 'UTC') AS hour, uniqExact(trace_id, span_id) AS spans FROM spans
		WHERE start_time >= toDateTime64(?, 0, 'UTC') AND start_time < toDateTime64(?, 0, 'UTC') GROUP BY hour`, first.Unix(), last.Unix())
	if err != nil {
		return fmt.Errorf("counting spans: %w", err)
	}
	for i := range counts {
		counts[i].Backends[inClickHouse] = 0
		for _, r := range rows {
			if r.Hour.Equal(counts[i].Hour) {
				counts[i].Backends[inClickHouse] = int64(r.Spans)
			}
		}
	}
	return nil
}

func (c *cli) printCounts(counts []exporter.Count) {
	var names []string
	for _, n := range counts {
		for name := range n.Backends {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	rows := [][]string{}
	for _, n := range counts {
		row := []string{n.Hour.Format("2006-01-02 15:04"), strconv.FormatInt(n.Log, 10)}
		for _, name := range names {
			there, asked := n.Backends[name]
			cell := strconv.FormatInt(there, 10)
			switch {
			case !asked:
				cell = "-"
			case there != n.Log:
				cell = c.out.Bad(fmt.Sprintf("%s (%+d)", cell, there-n.Log))
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	c.out.Table(append([]string{"hour (UTC)", "Kafka"}, names...), rows)
}
