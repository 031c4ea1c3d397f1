package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/warehouse"
)

func traceCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use:   "trace TRACE",
		Short: "Show a run as a waterfall: spans, durations, tokens, scores, feedback",
		Args:  args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			w, err := c.warehouse(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer w.Close()
			t, err := w.Trace(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if len(t.Spans) == 0 {
				return fmt.Errorf("trace %s is not stored (yet): an answer names its trace, and storing takes about a second", term.Cut(args[0], 40))
			}
			if c.json {
				return c.out.JSON(t)
			}
			c.printTrace(t)
			return nil
		}),
	})
}

// barWidth is how many characters stand for the whole trace.
const barWidth = 40

func (c *cli) printTrace(t warehouse.Trace) {
	start, total := extent(t.Spans)
	c.out.Linef("%s  %d spans, %s", c.out.Bold(t.ID), len(t.Spans), pretty(total))
	rows := make([][]string, 0, len(t.Spans))
	for _, s := range ordered(t.Spans) {
		rows = append(rows, []string{
			strings.Repeat("  ", s.depth) + term.Cut(s.Name, 46), s.Kind, pretty(s.Duration),
			bar(s.Start.Sub(start), s.Duration, total), tokens(s.Span), status(s.Span),
		})
	}
	c.out.Table([]string{"span", "kind", "took", strings.Repeat(" ", barWidth), "tokens", "status"}, rows)
	for _, s := range t.Scores {
		value := strings.ToLower(s.State)
		if s.Value != nil {
			value = fmt.Sprintf("%.2f", *s.Value)
		}
		c.out.Linef("score %-16s %-8s %s", term.Cut(s.Name, 40), value, c.out.Dim(term.Cut(s.Explanation, 100)))
	}
	for _, f := range t.Feedback {
		c.out.Linef("feedback %.1f %s", f.Value, term.Cut(f.Comment, 100))
	}
}

// node is a span with its depth in the tree.
type node struct {
	warehouse.Span
	depth int
}

// ordered returns the spans as a tree, children after their parent in order of their start. A span whose parent is
// missing stands at the top, and so does the first of a ring.
func ordered(spans []warehouse.Span) []node {
	known := map[string]bool{}
	for _, s := range spans {
		known[s.SpanID] = true
	}
	children := map[string][]warehouse.Span{}
	for _, s := range spans {
		parent := s.ParentSpanID
		if !known[parent] || parent == s.SpanID {
			parent = ""
		}
		children[parent] = append(children[parent], s)
	}
	var out []node
	seen := map[string]bool{}
	var add func(s warehouse.Span, depth int)
	add = func(s warehouse.Span, depth int) {
		if seen[s.SpanID] {
			return
		}
		seen[s.SpanID] = true
		out = append(out, node{s, depth})
		for _, child := range children[s.SpanID] {
			add(child, depth+1)
		}
	}
	for _, s := range append(children[""], spans...) { // spans of a foreign producer may form a ring, which hangs from nothing
		add(s, 0)
	}
	return out
}

func extent(spans []warehouse.Span) (start time.Time, total time.Duration) {
	start = spans[0].Start
	end := start
	for _, s := range spans {
		if s.Start.Before(start) {
			start = s.Start
		}
		if e := s.Start.Add(s.Duration); e.After(end) {
			end = e
		}
	}
	return start, end.Sub(start)
}

func bar(offset, length, total time.Duration) string {
	if total <= 0 {
		return ""
	}
	from := int(int64(barWidth) * int64(offset) / int64(total))
	width := max(1, int(int64(barWidth)*int64(length)/int64(total)))
	from = max(0, min(from, barWidth-1))
	width = min(width, barWidth-from)
	return strings.Repeat("·", from) + strings.Repeat("█", width) + strings.Repeat("·", barWidth-from-width)
}

func tokens(s warehouse.Span) string {
	if s.InputTokens+s.OutputTokens == 0 {
		return ""
	}
	return fmt.Sprintf("%d>%d", s.InputTokens, s.OutputTokens)
}

func status(s warehouse.Span) string {
	if s.StatusMessage != "" {
		return s.Status + ": " + s.StatusMessage
	}
	return s.Status
}

// pretty rounds a duration to three digits or so.
func pretty(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}
