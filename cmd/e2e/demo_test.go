package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	askedLine    = regexp.MustCompile(`(?m)^\d+/\d+ `)
	citationLine = regexp.MustCompile(`(?m)^ +\[[a-z0-9-]+\] .+$`)
	quoted       = regexp.MustCompile(`\[[a-z0-9-]+\]\.`)
)

// TestDemoGoesThroughTheLoopAndEnds runs the demo as `make run` does, and then again over what the first one left.
func TestDemoGoesThroughTheLoopAndEnds(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()

	first := s.run("", "up", "--demo", "--exit")
	require.Equal(t, 0, first.code, first.text())
	requireDemo(t, first.stdout)
	require.Contains(t, first.stdout, "29 new, 0 changed")
	require.Empty(t, first.stderr, "normal operation logs nothing above debug")

	second := s.run("", "up", "--demo", "--exit")
	require.Equal(t, 0, second.code, second.text())
	requireDemo(t, second.stdout)
	require.Contains(t, second.stdout, "0 new, 0 changed, 29 unchanged", "the second run finds the documents")
	require.Empty(t, second.stderr)
	require.Contains(t, second.stdout, "answers 20;", "the second run's answers come after the first's")

	p := s.start("--demo") // make run
	p.ready(t)
	require.Eventually(t, func() bool { return strings.Contains(p.text(), "try: ") }, minute, 10*time.Millisecond, "the last line of the addresses")
	inOrder(t, p.text(), "every count agrees with Kafka's offsets", "ragline is up; Ctrl-C ends it", s.kafka, "http://"+s.gateway, "http://"+s.clickhouse, s.dir)
	require.Contains(t, s.do("ask", "What leak does API 624 accept?"), "100 ppmv")
	p.stop(t)
}

func requireDemo(t *testing.T, text string) {
	t.Helper()
	answered, unknown := 0, 0
	parts := askedLine.Split(text, -1)
	for _, part := range parts[1:] {
		part, _, _ = strings.Cut(part, "\n\n")
		switch {
		case strings.Contains(part, "\nnot in the knowledge base\n"):
			require.NotRegexp(t, citationLine, part, "what is not known is not cited")
			unknown++
		default:
			require.Regexp(t, quoted, part)
			require.Regexp(t, citationLine, part)
			require.Regexp(t, `hallucination [01]\.\d\d`, part)
			answered++
		}
	}
	require.GreaterOrEqual(t, answered, 8, text)
	require.Equal(t, 2, unknown, text)
	inOrder(t, text, parts[1], "dataset ", "what ClickHouse holds", "ragline.answers", "mean scores: ", "dataset tiers: ", "every count agrees with Kafka's offsets")
}

// inOrder requires that a text holds the parts one after the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		require.True(t, found, "%q is missing or out of order in\n%s", part, text)
		rest = after
	}
}
