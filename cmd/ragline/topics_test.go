package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestTopicIsFoundWithAndWithoutItsPrefix(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"queries": topic.Queries, "ragline.queries": topic.Queries, "answer-chunks": topic.AnswerChunks,
		"dlq.agent": topic.DeadLetters("agent"), "ragline.dlq.agent": topic.DeadLetters("agent"),
	} {
		got, err := resolveTopic(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got)
	}
}

func TestUnknownTopicIsAMistakeThatListsTheKnownOnes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "query", "Queries", "ragline.", "dlq", "ragline.ragline.queries"} {
		_, err := resolveTopic(name)
		var mistake *usageError
		require.ErrorAs(t, err, &mistake, name)
		require.ErrorContains(t, err, "queries, answers, answer-chunks")
		require.ErrorContains(t, err, "dlq.GROUP")
	}
}

func TestRetentionIsSaidInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "for ever", retention(topic.Topic{}))
	require.Equal(t, "24h0m0s", retention(topic.Topic{Retention: 24 * time.Hour}))
	require.Equal(t, "last of each key", retention(topic.Topic{Compacted: true}))
}

func TestEventIsOneJSONLine(t *testing.T) {
	t.Parallel()
	e := event.New("test", &event.QueryAsked{Text: "a\nb", ThreadId: "thread"})
	r, err := topic.Encode(e)
	require.NoError(t, err)
	line := printed(t, true, r)
	require.Equal(t, e.ID, line["id"])
	require.Equal(t, "query.asked.v1", line["type"])
	require.Equal(t, "a\nb", line["data"].(map[string]any)["text"])
	require.NotContains(t, line, "error")
}

func TestRecordThatIsNoEventIsPrintedWithTheReason(t *testing.T) {
	t.Parallel()
	line := printed(t, true, event.Record{Topic: topic.Queries, Value: []byte("{")})
	require.Contains(t, line["error"], "invalid_json")
	require.NotContains(t, line, "data")
}

func TestRemovedDocumentIsPrintedWithoutData(t *testing.T) {
	t.Parallel()
	line := printed(t, true, event.Record{Topic: topic.Documents, Key: []byte("doc-1")})
	require.Equal(t, "doc-1", line["key"])
	require.NotContains(t, line, "data")
	require.NotContains(t, line, "error")
}

func TestRecordIsPrintedForPeopleWithoutControlCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &cli{out: term.New(&out)}
	require.NoError(t, c.printRecord(event.Record{Topic: topic.Queries, Value: []byte("{\x1b[2J"), Partition: 2, Offset: 7}))
	require.NoError(t, c.printRecord(event.Record{Topic: topic.Documents, Key: []byte("doc-1")}))
	require.NotContains(t, out.String(), "\x1b")
	require.Contains(t, out.String(), "2/7 query.asked.v1")
	require.Contains(t, out.String(), "(removed)")
}

func printed(t *testing.T, asJSON bool, r event.Record) map[string]any {
	t.Helper()
	var out bytes.Buffer
	c := &cli{out: term.New(&out), json: asJSON}
	require.NoError(t, c.printRecord(r))
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	return line
}

func TestMistakesAndWrongSettingsHaveAnExitCodeOfTheirOwn(t *testing.T) {
	t.Parallel()
	err := usagef("no %s: %w", "topic", errSaid)
	require.EqualError(t, err, "no topic: said")
	require.ErrorIs(t, err, errSaid)
}
