package broker

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestEnsureTopicsCreatesTheCatalogueAndMayRunAgain(t *testing.T) {
	t.Parallel()
	fake, b := setup(t)
	for range 2 {
		require.NoError(t, b.EnsureTopics(t.Context(), topic.All()...))
	}
	for _, want := range topic.All() {
		require.Len(t, fake.PartitionInfos(want.Name), int(want.Partitions), want.Name)
	}
	require.Equal(t, "compact", *fake.TopicInfo(topic.Documents).Configs["cleanup.policy"])
	require.Equal(t, "-1", *fake.TopicInfo(topic.Queries).Configs["retention.ms"], "the log is kept")
	require.Equal(t, "86400000", *fake.TopicInfo(topic.AnswerChunks).Configs["retention.ms"])
}

func TestTopicsThatExistStayAsTheyAre(t *testing.T) {
	t.Parallel()
	fake, b := setup(t)
	require.NoError(t, fake.CreateTopic(topic.Queries, 12, nil))
	// An operator may forbid the creation of topics.
	fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Count: -1, Err: kerr.TopicAuthorizationFailed})
	require.NoError(t, b.EnsureTopics(t.Context(), topicOf(topic.Queries, 6)))
	require.Len(t, fake.PartitionInfos(topic.Queries), 12)
	require.ErrorIs(t, b.EnsureTopics(t.Context(), topicOf(topic.Answers, 6)), kerr.TopicAuthorizationFailed)
}

func TestRangesGiveTheExtentOfEveryPartition(t *testing.T) {
	t.Parallel()
	fake, b := setup(t)
	require.NoError(t, b.EnsureTopics(t.Context(), topicOf(topic.Queries, 2)))
	p := publisher(t, b)
	var at event.Position
	for range 5 {
		positions, err := p.PublishRecords(t.Context(), event.Record{Topic: topic.Queries, Key: []byte("k"), Value: []byte("v")})
		require.NoError(t, err)
		at = positions[0]
	}
	require.NoError(t, fake.DeleteRecords(topic.Queries, at.Partition, 2))
	ranges, err := b.Ranges(t.Context(), topic.Queries, "ragline.missing")
	require.NoError(t, err)
	require.Equal(t, map[string]map[int32]Range{
		topic.Queries: {at.Partition: {2, 5}, 1 - at.Partition: {0, 0}},
	}, ranges)
}

func TestDeadLetterTopicsAreFound(t *testing.T) {
	t.Parallel()
	_, b := setup(t)
	dlq, _ := topic.Get(topic.DeadLetters("agent"))
	require.NoError(t, b.EnsureTopics(t.Context(), topicOf(topic.Queries, 1), dlq))
	names, err := b.DeadLetterTopics(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"ragline.dlq.agent"}, names)
}

func TestWaitReturnsWhenABrokerAnswers(t *testing.T) {
	t.Parallel()
	_, b := setup(t)
	require.NoError(t, b.Wait(t.Context()))
	require.NoError(t, b.Ping(t.Context()))
}
