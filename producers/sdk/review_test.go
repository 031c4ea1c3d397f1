package sdk_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

func TestStreamTellsOfAReviewAndItsFirstDecision(t *testing.T) {
	t.Parallel()
	b := setup(t)
	decided := make(chan event.Event, 1)
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message {
		decided <- e
		ask := &event.ReviewRequested{ReviewId: "r-1", ThreadId: q.GetThreadId(), QueryId: e.ID, Tool: "submit_enquiry"}
		return []proto.Message{
			&event.ReviewRequested{ReviewId: "r-0", ThreadId: "other", QueryId: "of-somebody-else"},
			ask, ask,
		}
	})
	var seen []string
	answer, err := b.client.AskStream(t.Context(), sdk.Question{Text: "Send an enquiry."}, nil, sdk.OnReview(func(r sdk.ReviewState) {
		require.Equal(t, "submit_enquiry", r.Requested.GetTool())
		if r.Decided == nil {
			seen = append(seen, "requested")
			e := <-decided
			decision := func(d event.Decision) *event.ReviewDecided {
				return &event.ReviewDecided{ReviewId: "r-1", ThreadId: e.ID, Decision: d}
			}
			require.NoError(t, b.publish(t.Context(), event.Event{ID: "later", Tenant: e.Tenant},
				decision(event.Decision_DECISION_APPROVE), decision(event.Decision_DECISION_REJECT)))
			return
		}
		seen = append(seen, r.Decided.GetDecision().String())
		q := &event.QueryAsked{ThreadId: r.Requested.GetThreadId()}
		require.NoError(t, b.publish(t.Context(), event.Event{ID: "last", Tenant: "default"}, answerTo(event.Event{ID: r.Requested.GetQueryId()}, q, "sent")))
	}))
	require.NoError(t, err)
	require.Equal(t, "sent", answer.GetText())
	require.Equal(t, []string{"requested", "DECISION_APPROVE"}, seen, "each once, and only the first decision")
}
