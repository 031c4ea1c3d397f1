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

func exportCommand(c *cli) *cobra.Command {
	var to, from string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "export --to NAME [--from TIME]",
		Short: "Fill an observability backend from the log, for example a new LangFuse",
		Long: `Fill an observability backend from the log: every span, score and feedback from a time on, each once.

NAME begins with langfuse, langsmith or otlp. Address and keys are those of the settings, so set them to the new
server's for this command. What is done is written down in Kafka under NAME: the same command goes on where it was
stopped or killed, another NAME starts anew. Scores keep the time at which they were given.`,
		Example: `  LANGFUSE_HOST=https://new.example.com ragline export --to langfuse-new --from 2026-01-01 --dry-run
  LANGFUSE_HOST=https://new.example.com ragline export --to langfuse-new --from 2026-01-01`,
		Args: args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			at, err := parseTime(from)
			if err != nil {
				return err
			}
			return c.export(cmd.Context(), exporter.Replay{Name: to, From: at}, dryRun)
		}),
	}
	cmd.Flags().StringVar(&to, "to", "", "backend, or a backend and a name of yours: langfuse-new (required)")
	cmd.Flags().StringVar(&from, "from", "", "time of the first record: 2026-01-01, 2026-01-01T15:00:00Z or 48h (ago); default: all")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be sent, and send nothing")
	_ = cmd.MarkFlagRequired("to") // the flag exists
	return cmd
}

func (c *cli) export(ctx context.Context, r exporter.Replay, dryRun bool) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	deps := exporter.Deps{Broker: b, Logger: c.logger(), Version: app.Version}
	plan, err := r.Plan(ctx, deps)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, topic := range slices.Sorted(maps.Keys(plan.Records)) {
		rows = append(rows, []string{topic, strconv.FormatInt(plan.Records[topic], 10)})
	}
	c.out.Table([]string{"topic", "records to send"}, rows)
	if plan.Resumes {
		c.out.Linef("%s was begun before and goes on where it was", r.Name)
	}
	if dryRun {
		return nil
	}
	bar := newProgress(c.err, r.Name)
	start := time.Now()
	r.Progress = func(done, total int64) {
		if done > 0 {
			left := time.Duration(float64(time.Since(start)) / float64(done) * float64(total-done))
			bar.what = fmt.Sprintf("%s, %s left", r.Name, left.Round(time.Second))
		}
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

// parseTime reads a date, a time, or how long ago.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-ago), nil
	}
	return time.Time{}, usagef("time %q: want 2026-01-01, 2026-01-01T15:00:00Z or a duration such as 48h", text)
}
