package evaluator

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestInteractionThatComesTwiceRepeatsTheIDsOfItsScores(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := streamtest.NewCluster(t)
	asked := event.New("test", interaction())
	streamtest.Publish(t, c.Broker, asked, asked)

	consumer, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(c.Broker), []string{topic.Interactions}, b.handler)
	require.NoError(t, err)
	streamtest.Start(t, consumer.Run)

	ids := map[string]int{}
	for i, e := range streamtest.Await(t, c.Broker, topic.Scores, 8, func(event.Event) bool { return true }) {
		ids[e.ID]++
		require.Equal(t, interaction().GetTraceId(), e.Key)
		require.Equal(t, event.DeriveID(asked.ID, "evaluator", i%4), e.ID)
	}
	require.Len(t, ids, 4)
}
