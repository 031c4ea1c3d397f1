package topic_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestEveryEventHasExactlyOneTopic(t *testing.T) {
	t.Parallel()
	carried := map[string]string{}
	for _, entry := range topic.All() {
		for _, typ := range entry.Types {
			require.Empty(t, carried[typ], "%s is on two topics", typ)
			carried[typ] = entry.Name
			_, known := event.Lookup(typ)
			require.True(t, known, "%s carries %s, which no build knows", entry.Name, typ)
		}
	}
	for _, d := range event.Definitions() {
		require.NotEmpty(t, carried[d.Type], "%s has no topic", d.Type)
		require.Equal(t, carried[d.Type], topic.For(d.Type))
	}
}

func TestCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	for _, entry := range topic.All() {
		require.Contains(t, entry.Name, topic.Prefix)
		require.Positive(t, entry.Partitions, entry.Name)
		require.NotEmpty(t, entry.Key, entry.Name)
		require.NotEmpty(t, entry.Writers, entry.Name)
		require.NotEmpty(t, entry.Readers, entry.Name)
		require.NotEmpty(t, entry.Doc, entry.Name)
		have, ok := topic.Get(entry.Name)
		require.True(t, ok)
		require.Equal(t, entry, have)
	}
	topic.All()[0].Name = "changed"
	require.Equal(t, topic.Queries, topic.All()[0].Name, "All returns a copy")
}

func TestDeadLettersKeepTheirGroup(t *testing.T) {
	t.Parallel()
	name := topic.DeadLetters("ragline.agent")
	require.Equal(t, "ragline.dlq.ragline.agent", name)
	require.True(t, topic.IsDeadLetters(name))
	require.False(t, topic.IsDeadLetters(topic.Queries))
	entry, ok := topic.Get(name)
	require.True(t, ok)
	require.Equal(t, []string{"ragline.agent"}, entry.Writers)
	_, ok = topic.Get("someone.elses")
	require.False(t, ok)
}

func TestTopicWithSeveralTypesHasNoDefault(t *testing.T) {
	t.Parallel()
	require.Equal(t, "query.asked.v1", topic.DefaultType(topic.Queries))
	require.Empty(t, topic.DefaultType(topic.Reviews))
	require.Empty(t, topic.DefaultType(topic.DeadLetters("g")))
	require.Empty(t, topic.For("nothing.happened.v1"))
}

func TestEncodeFillsTheTopicIn(t *testing.T) {
	t.Parallel()
	r, err := topic.Encode(event.New("test", &event.QueryAsked{Text: "x", ThreadId: "t"}))
	require.NoError(t, err)
	require.Equal(t, topic.Queries, r.Topic)
	require.Equal(t, "t", string(r.Key))
}
