package sdk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// refusePositions lets n requests for offsets pass and refuses the next n, for good as far as a client can tell.
func refusePositions(b *bundle, n int) {
	seen := 0
	b.cluster.ControlKey(int16(kmsg.ListOffsets), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		if seen++; seen <= n || seen > 2*n {
			return nil, nil, false
		}
		req := kreq.(*kmsg.ListOffsetsRequest)
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, t := range req.Topics {
			refused := kmsg.ListOffsetsResponseTopic{Topic: t.Topic}
			for _, p := range t.Partitions {
				refused.Partitions = append(refused.Partitions, kmsg.ListOffsetsResponseTopicPartition{
					Partition: p.Partition, ErrorCode: kerr.TopicAuthorizationFailed.Code,
				})
			}
			resp.Topics = append(resp.Topics, refused)
		}
		return resp, nil, true
	})
}

func TestPublishStampsTheEnvelope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := b.open(t, sdk.Config{Tenant: "acme", Source: "support-bot"})
	when := time.Date(2026, time.November, 20, 9, 30, 0, 0, time.UTC)
	traceParent := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	id, err := client.Publish(t.Context(), &event.InteractionCaptured{
		TraceId: strings.Repeat("ab", 16), Question: "q", Answer: "a",
	}, sdk.WithID("0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11"), sdk.WithTime(when), sdk.WithTraceParent(traceParent))
	require.NoError(t, err)

	e := b.last(t, topic.Interactions)
	require.Equal(t, id, e.ID)
	require.Equal(t, "0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11", e.ID)
	require.Equal(t, "acme", e.Tenant)
	require.Equal(t, "support-bot", e.Source)
	require.Equal(t, when, e.Time)
	require.Equal(t, traceParent, e.TraceParent)
}

func TestPublishRefusesWhatReadersWould(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.client.Publish(t.Context(), &event.ScoreGiven{Name: "x"})
	var de *event.DecodeError
	require.ErrorAs(t, err, &de)
	require.Equal(t, "traceId", de.Field)
	_, err = b.client.Publish(t.Context(), &event.Source{})
	require.ErrorIs(t, err, sdk.ErrNotAnEvent)
	_, err = b.client.Publish(t.Context(), nil)
	require.ErrorIs(t, err, sdk.ErrNotAnEvent)
}

func TestFeedbackAndDecisionReachTheirTopics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.client.Feedback(t.Context(), sdk.Feedback{QueryID: "q-1", Value: 0, Comment: "wrong", UserID: "u"})
	require.NoError(t, err)
	f := b.last(t, topic.Feedback).Data.(*event.FeedbackGiven)
	require.NotNil(t, f.Value)
	require.Zero(t, f.GetValue())
	require.Equal(t, "sdk", f.GetChannel())
	_, err = b.client.Feedback(t.Context(), sdk.Feedback{QueryID: "q-1", Value: 2})
	require.ErrorContains(t, err, "value")

	_, err = b.client.Decide(t.Context(), sdk.Review{ReviewID: "r", ThreadID: "t", Decision: event.Decision_DECISION_APPROVE, Reviewer: "anna"})
	require.NoError(t, err)
	require.Equal(t, "anna", b.last(t, topic.Reviews).Data.(*event.ReviewDecided).GetReviewer())
	_, err = b.client.Decide(t.Context(), sdk.Review{ReviewID: "r", ThreadID: "t"})
	require.ErrorContains(t, err, "decision")
}

func TestRemovedDocumentLeavesATombstone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.client.RemoveDocument(t.Context(), "api-624")
	require.NoError(t, err)
	e := b.last(t, topic.Documents)
	require.Nil(t, e.Data)
	require.Equal(t, "api-624", e.Key)
	_, err = b.client.RemoveDocument(t.Context(), "")
	require.Error(t, err)
}

func TestOpenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	defer cluster.Close()
	addrs := cluster.ListenAddrs()

	client, err := sdk.Open(t.Context(), sdk.Config{Kafka: broker.Config{Brokers: addrs}})
	require.NoError(t, err)
	_, err = client.Ask(t.Context(), sdk.Question{Text: "x"})
	require.ErrorIs(t, err, sdk.ErrNoTopics)
	require.NoError(t, client.Close())

	cluster.Close()
	_, err = sdk.Open(t.Context(), sdk.Config{Kafka: broker.Config{Brokers: addrs}})
	require.ErrorContains(t, err, "ragline up")
	_, err = sdk.Open(t.Context(), sdk.Config{})
	require.ErrorContains(t, err, "KAFKA_BROKERS")
}

func TestConfigNamesTheVariable(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]sdk.Config{
		"RAGLINE_TENANT":             {Tenant: "two words"},
		"RAGLINE_SOURCE":             {Source: "a\nb"},
		"RAGLINE_ENVIRONMENT":        {Environment: "Production"},
		"RAGLINE_SDK_RECENT_ANSWERS": {RecentAnswers: -1},
		"KAFKA_BROKERS":              {Kafka: broker.Config{Brokers: []string{"nowhere"}}},
	} {
		require.ErrorContains(t, cfg.Validate(), want)
	}
}
