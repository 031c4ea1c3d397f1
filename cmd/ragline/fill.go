package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/stream"
)

// fill is the form of ragline replay that runs the log again into an observability backend.
type fill struct {
	to, from string
	dryRun   bool
}

func (f *fill) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "backend to fill, or a backend and a name of yours: langfuse-new")
	flags.StringVar(&f.from, "from", "", "with --to: time of the first record: 2026-01-01, 2026-01-01T15:00:00Z or 48h (ago); default: all")
	flags.BoolVar(&f.dryRun, "dry-run", false, "with --to: say what would be sent, and send nothing")
}

// check finds calls that mix the two forms of ragline replay.
func (f *fill) check(cmd *cobra.Command, given []string) error {
	mixed := func(flags ...string) string {
		i := slices.IndexFunc(flags, cmd.Flags().Changed)
		if i < 0 {
			return ""
		}
		return "--" + flags[i]
	}
	if !cmd.Flags().Changed("to") {
		if flag := mixed("from", "dry-run"); flag != "" {
			return usagef("%s belongs to --to NAME, which fills a backend: ragline replay --to langfuse-new %s ...", flag, flag)
		}
		return args(cobra.ExactArgs(2))(cmd, given)
	}
	what := mixed("set", "question", "as-node", "json")
	if len(given) > 0 {
		what = given[0]
	}
	if what != "" {
		return usagef("%s belongs to ragline replay THREAD CHECKPOINT, which runs a conversation; --to fills a backend from the log: give one of both", what)
	}
	return nil
}

// run fills the backend.
func (f *fill) run(ctx context.Context, c *cli) error {
	at, err := parseTime(f.from, time.Now())
	if err != nil {
		return err
	}
	r := exporter.Replay{Name: f.to, From: at}
	if err := r.Check(); err != nil {
		return &usageError{err}
	}
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	deps := exporter.Deps{Broker: b, Logger: c.logger(), Version: app.Version}
	plan, err := r.Plan(ctx, deps)
	if err != nil {
		return err
	}
	c.printPlan(r.Name, plan)
	if f.dryRun {
		return nil
	}
	bar, start := newProgress(c.err, r.Name), time.Now()
	r.Progress = func(done, total int64) {
		bar.what = r.Name + remaining(time.Since(start), done, total)
		bar.set(done, total)
	}
	err = r.Run(ctx, c.cfg.Exporter, deps, c.cfg.Stream, stream.Deps{Broker: b, Logger: c.logger(), Version: app.Version})
	bar.end()
	if err != nil {
		return fmt.Errorf("filling %s: %w (the same command goes on where it was)", r.Name, err)
	}
	c.out.Linef("%s holds what the log held at the start: %d records in %s", r.Name, plan.Total(), time.Since(start).Round(time.Second))
	return nil
}

func (c *cli) printPlan(name string, plan exporter.Plan) {
	rows := [][]string{}
	for _, topic := range slices.Sorted(maps.Keys(plan.Records)) {
		rows = append(rows, []string{topic, strconv.FormatInt(plan.Records[topic], 10)})
	}
	c.out.Table([]string{"topic", "records to send"}, rows)
	if plan.Resumes {
		c.out.Linef("%s was begun before and goes on where it was", name)
	}
}

// remaining is the time that is left at the pace so far.
func remaining(spent time.Duration, done, total int64) string {
	if done <= 0 {
		return ""
	}
	left := time.Duration(float64(spent) / float64(done) * float64(total-done))
	return fmt.Sprintf(", %s left", left.Round(time.Second))
}

// parseTime reads a date, a time, or how long before now.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	return time.Time{}, usagef("time %q: want 2026-01-01, 2026-01-01T15:00:00Z or a duration such as 48h", text)
}
