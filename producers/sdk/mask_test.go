package sdk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// lastRecord returns the newest record of a topic.
func (b *bundle) lastRecord(t *testing.T, name string) event.Record {
	t.Helper()
	var last event.Record
	err := b.broker.Follow(t.Context(), broker.FollowConfig{Topics: []string{name}, Stop: true}, func(r event.Record) error {
		last = r
		return nil
	})
	require.NoError(t, err)
	return last
}

func TestPersonalDataDoesNotReachTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := b.open(t, sdk.Config{Mask: mask.Config{Queries: mask.Mask, Feedback: mask.Hash, Key: "sixteen bytes and more"}})
	_, err := client.AskAsync(t.Context(), sdk.Question{Text: "Write to bob@example.com", Metadata: map[string]string{"phone": "+49 30 901820"}})
	require.NoError(t, err)
	r := b.lastRecord(t, topic.Queries)
	require.NotContains(t, string(r.Value), "bob@")
	require.NotContains(t, string(r.Value), "901820")
	require.Contains(t, string(r.Value), "Write to [EMAIL]")
	require.Equal(t, mask.Version, sdk.MaskVersion(r))

	_, err = client.Feedback(t.Context(), sdk.Feedback{QueryID: "q", Value: 1, Comment: "ask bob@example.com"})
	require.NoError(t, err)
	require.Contains(t, string(b.lastRecord(t, topic.Feedback).Value), "[EMAIL:h")

	_, err = client.Publish(t.Context(), &event.InteractionCaptured{TraceId: strings.Repeat("ab", 16), Question: "bob@example.com?", Answer: "a"})
	require.NoError(t, err)
	r = b.lastRecord(t, topic.Interactions)
	require.Contains(t, string(r.Value), "bob@example.com", "this field is off")
	require.Empty(t, sdk.MaskVersion(r), "nobody looked at it")
}

func TestWrongMaskingIsRefusedAtOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := sdk.Open(t.Context(), sdk.Config{Mask: mask.Config{Queries: mask.Hash}}, sdk.WithBroker(b.broker))
	require.ErrorContains(t, err, "RAGLINE_MASK_KEY")
}

func TestBatchIsCheckedOneByOneAndSentAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.client.Prepare(&event.ScoreGiven{TraceId: "short", Name: "n"})
	var wrong *event.DecodeError
	require.ErrorAs(t, err, &wrong)
	_, err = b.client.Prepare(&event.FeedbackGiven{QueryId: "q", Value: new(float64), Comment: strings.Repeat("x", event.MaxValueBytes)})
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, event.ReasonOversized, wrong.Reason)
	var batch []sdk.Prepared
	for _, id := range []string{"one", "two"} {
		p, err := b.client.Prepare(&event.FeedbackGiven{QueryId: "q", Value: new(float64)}, sdk.WithID(id))
		require.NoError(t, err)
		require.Equal(t, id, p.ID())
		batch = append(batch, p)
	}
	require.NoError(t, b.client.PublishPrepared(t.Context(), batch...))
	require.NoError(t, b.client.PublishPrepared(t.Context()))
	require.Equal(t, "two", b.last(t, topic.Feedback).ID)
}
