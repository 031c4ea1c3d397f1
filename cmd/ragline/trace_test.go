package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/warehouse"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// spans makes spans from "id<parent", a millisecond apart and a second long.
func spans(list ...string) []warehouse.Span {
	all := make([]warehouse.Span, len(list))
	for i, text := range list {
		id, parent, _ := strings.Cut(text, "<")
		all[i] = warehouse.Span{
			SpanID: id, ParentSpanID: parent, Name: "span " + id,
			Start: began.Add(time.Duration(i) * time.Millisecond), Duration: time.Second,
		}
	}
	return all
}

// outline renders the order and the depths: "a .b ..c".
func outline(nodes []node) string {
	var parts []string
	for _, n := range nodes {
		parts = append(parts, strings.Repeat(".", n.depth)+n.SpanID)
	}
	return strings.Join(parts, " ")
}

func TestSpansFollowTheirParentInOrderOfTheirStart(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a .b ..d ..e .c", outline(ordered(spans("a", "b<a", "c<a", "d<b", "e<b"))))
	require.Equal(t, "a .b", outline(ordered(spans("b<a", "a"))), "a child may have started first by another clock")
}

func TestSpanWhoseParentIsMissingStandsAtTheTop(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b .c", outline(ordered(spans("a", "b<gone", "c<b"))))
}

func TestSpansInARingAreShownToo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a", outline(ordered(spans("a<a"))), "a span that is its own parent")
	shown := outline(ordered(spans("root", "a<b", "b<a", "c<a")))
	for _, id := range []string{"root", "a", "b", "c"} {
		require.Equal(t, 1, strings.Count(shown, id), "%s in %q", id, shown)
	}
}

func TestNoSpansAreNoOutline(t *testing.T) {
	t.Parallel()
	require.Empty(t, ordered(nil))
}

func TestExtentReachesFromTheFirstStartToTheLastEnd(t *testing.T) {
	t.Parallel()
	all := []warehouse.Span{
		{Start: began.Add(time.Second), Duration: time.Second},
		{Start: began, Duration: 5 * time.Second},
		{Start: began.Add(3 * time.Second), Duration: time.Second},
	}
	start, total := extent(all)
	require.Equal(t, began, start)
	require.Equal(t, 5*time.Second, total)
}

func TestBarIsAlwaysAsWideAndNeverEmpty(t *testing.T) {
	t.Parallel()
	const total = 40 * time.Second
	for _, c := range []struct {
		offset, length time.Duration
		from, width    int
	}{
		{0, total, 0, 40},
		{0, 0, 0, 1},
		{10 * time.Second, 20 * time.Second, 10, 20},
		{total, 0, 39, 1},
		{39 * time.Second, total, 39, 1},
		{-time.Second, time.Second, 0, 1}, // the child's clock is behind
	} {
		want := strings.Repeat("·", c.from) + strings.Repeat("█", c.width) + strings.Repeat("·", 40-c.from-c.width)
		require.Equal(t, want, bar(c.offset, c.length, total), "%s %s", c.offset, c.length)
	}
	require.Empty(t, bar(0, 0, 0), "a trace without length has no bars")
}

func TestPrettyKeepsThreeDigits(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "12µs": 12345 * time.Nanosecond, "12.35ms": 12345678 * time.Nanosecond, "1.235s": 1234567 * time.Microsecond,
	} {
		require.Equal(t, want, pretty(d))
	}
}

func TestTokensAndStatusAreShownWhereThereAreAny(t *testing.T) {
	t.Parallel()
	require.Empty(t, tokens(warehouse.Span{}))
	require.Equal(t, "12>3", tokens(warehouse.Span{InputTokens: 12, OutputTokens: 3}))
	require.Equal(t, "OK", status(warehouse.Span{Status: "OK"}))
	require.Equal(t, "ERROR: model away", status(warehouse.Span{Status: "ERROR", StatusMessage: "model away"}))
}

func TestTraceIsPrintedAsAWaterfallWithoutControlCharacters(t *testing.T) {
	t.Parallel()
	half := 0.5
	trace := warehouse.Trace{
		ID: "4bf92f3577b34da6a3ce929d0e0e4736", Spans: spans("a", "b<a"),
		Scores:   []warehouse.Score{{Name: "grounding", Value: &half, Explanation: "one of\ntwo"}, {Name: "relevance", State: "NOT_JUDGED"}},
		Feedback: []warehouse.Feedback{{Value: 1, Comment: "good\x1b[2J"}},
	}
	trace.Spans[1].Name = "evil\x1b]0;title\x07"
	var out bytes.Buffer
	c := &cli{out: term.New(&out)}
	c.printTrace(trace)
	text := out.String()
	require.NotContains(t, text, "\x1b")
	require.Contains(t, text, "2 spans, 1.001s")
	require.Regexp(t, `(?m)^span a .*█`, text)
	require.Regexp(t, `(?m)^  evil`, text, "children are indented")
	require.Contains(t, text, "score grounding        0.50     one of two")
	require.Contains(t, text, "score relevance        not_judged")
	require.Contains(t, text, "feedback 1.0 good")
}

func TestCountsNameTheLargestFirst(t *testing.T) {
	t.Parallel()
	require.Equal(t, "gold 24, bronze 3, silver 3", counts(map[string]int{"silver": 3, "gold": 24, "bronze": 3}))
	require.Empty(t, counts(map[string]int64{}))
}
