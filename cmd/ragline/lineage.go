package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/promoter"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// lineage is a model with everything that it was made of.
type lineage struct {
	Model   string           `json:"model"`
	State   string           `json:"state"`
	Job     lineageJob       `json:"job"`
	Dataset dataset.Manifest `json:"dataset"`
	URI     string           `json:"dataset_uri"`
	Rows    []lineageRow     `json:"rows"`
	// Left are rows that were not walked.
	Left int `json:"rows_left,omitempty"`
	// SpansFrom is clickhouse or kafka.
	SpansFrom string `json:"spans_from"`
}

type lineageJob struct {
	ID     string             `json:"id"`
	Method string             `json:"method"`
	Base   string             `json:"base_model"`
	Events []dataset.EventRef `json:"events"`
}

type lineageRow struct {
	dataset.Lineage
	Spans []lineageSpan `json:"spans"`
}

type lineageSpan struct {
	ID     string `json:"span_id"`
	Parent string `json:"parent_span_id,omitempty"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
}

func lineageCommand(c *cli) *cobra.Command {
	var most int
	cmd := &cobra.Command{
		Use:   "lineage MODEL[:VERSION]",
		Short: "Walk from a model to its job, its dataset, the rows, their events with offsets, and the spans",
		Args:  args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if most < 0 {
				return usagef("--rows=%d: allowed are 0 (all) or more", most)
			}
			l, err := c.lineage(cmd.Context(), args[0], most)
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(l)
			}
			c.printLineage(l)
			return nil
		}),
	}
	cmd.Flags().IntVar(&most, "rows", 20, "rows to walk; 0 walks all")
	return jsonFlag(c, cmd)
}

func (c *cli) lineage(ctx context.Context, name string, most int) (lineage, error) {
	b, err := c.broker(ctx)
	if err != nil {
		return lineage{}, err
	}
	models, err := promoter.Read(ctx, b)
	if err != nil {
		return lineage{}, err
	}
	v, err := models.Find(name)
	if err != nil {
		return lineage{}, err
	}
	t := v.Trained
	if t == nil {
		return lineage{}, fmt.Errorf("%s:%s has no model.trained event, so nothing says what it was made of", v.Model, v.Version)
	}
	l := lineage{Model: v.Model + ":" + v.Version, State: string(v.State), URI: t.GetDatasetUri(), Job: lineageJob{ID: t.GetJobId(), Method: t.GetMethod(), Base: t.GetBaseModel()}}
	if l.Job.Events, err = jobEvents(ctx, b, t.GetJobId()); err != nil {
		return lineage{}, err
	}
	manifest, rows, err := dataset.ReadLineage(ctx, t.GetDatasetUri(), t.GetManifestSha256())
	if err != nil {
		return lineage{}, fmt.Errorf("dataset %s: %w", t.GetDatasetId(), err)
	}
	l.Dataset = manifest
	if most > 0 && len(rows) > most {
		l.Left, rows = len(rows)-most, rows[:most]
	}
	for _, r := range rows {
		l.Rows = append(l.Rows, lineageRow{Lineage: r})
	}
	return l, c.addSpans(ctx, b, &l)
}

// jobEvents are the places of what the log says of a job, without its progress.
func jobEvents(ctx context.Context, b *broker.Broker, job string) ([]dataset.EventRef, error) {
	var refs []dataset.EventRef
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Training, topic.Models}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil {
			return nil //nolint:nilerr // what is no event of this version is kept by the sink
		}
		_, progress := e.Data.(*event.TrainingProgressed)
		if m, ok := e.Data.(interface{ GetJobId() string }); ok && m.GetJobId() == job && job != "" && !progress {
			refs = append(refs, dataset.EventRef{ID: e.ID, Type: e.Type, Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the job: %w", err)
	}
	return refs, ctx.Err()
}

// addSpans asks ClickHouse, and reads the spans topic where there is none.
func (c *cli) addSpans(ctx context.Context, b *broker.Broker, l *lineage) error {
	l.SpansFrom = "clickhouse"
	err := c.storedSpans(ctx, l)
	if err == nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	l.SpansFrom = "kafka"
	at := map[string]*lineageRow{}
	for i := range l.Rows {
		l.Rows[i].Spans = nil
		if l.Rows[i].TraceID != "" {
			at[l.Rows[i].TraceID] = &l.Rows[i]
		}
	}
	seen := map[string]bool{}
	err = b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Spans}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		s, ok := e.Data.(*event.SpanEnded)
		if row := at[s.GetTraceId()]; ok && row != nil && !seen[s.GetTraceId()+s.GetSpanId()] {
			seen[s.GetTraceId()+s.GetSpanId()] = true
			kind := strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")
			row.Spans = append(row.Spans, lineageSpan{s.GetSpanId(), s.GetParentSpanId(), s.GetName(), kind})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading spans: %w", err)
	}
	return ctx.Err()
}

func (c *cli) storedSpans(ctx context.Context, l *lineage) error {
	w, err := c.warehouse(ctx, true)
	if err != nil {
		return err
	}
	defer w.Close()
	for i := range l.Rows {
		row := &l.Rows[i]
		if row.TraceID == "" {
			continue
		}
		t, err := w.Trace(ctx, row.TraceID)
		if err != nil {
			return err
		}
		for _, s := range t.Spans {
			row.Spans = append(row.Spans, lineageSpan{s.SpanID, s.ParentSpanID, s.Name, s.Kind})
		}
	}
	return nil
}

func (c *cli) printLineage(l lineage) {
	c.out.Linef("%s  %s", c.out.Bold(l.Model), l.State)
	c.out.Linef("└ job %s  %s of %s", term.Cut(l.Job.ID, 16), l.Job.Method, l.Job.Base)
	for _, e := range l.Job.Events {
		c.out.Linef("  │ %s", place(e))
	}
	c.out.Linef("  └ dataset %s  %s  %s  %s", l.Dataset.DatasetID, counts(l.Dataset.TierRows), counts(l.Dataset.SplitRows), l.URI)
	for _, r := range l.Rows {
		c.out.Linef("    ├ row %s  %s %s  %s", c.out.Bold(r.Key), r.Tier, r.Split, c.out.Dim(r.Reason))
		for _, e := range r.Events {
			c.out.Linef("    │ ├ %s", place(e))
		}
		depth := map[string]int{}
		for _, s := range r.Spans {
			depth[s.ID] = depth[s.Parent] + 1
			c.out.Linef("    │ │%s%s %s", strings.Repeat("  ", depth[s.ID]), term.Cut(s.Name, 60), c.out.Dim(s.Kind))
		}
	}
	if l.Left > 0 {
		c.out.Linef("    └ %d more rows; --rows=0 walks all", l.Left)
	}
}

func place(e dataset.EventRef) string {
	return fmt.Sprintf("%s  %s/%d@%d", e.Type, e.Topic, e.Partition, e.Offset)
}
