package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// askQuotation asks for one, and returns its query and its review.
func (r *rig) askQuotation(t *testing.T, thread string) (query string, review *event.ReviewRequested) {
	t.Helper()
	q := event.New("test", &event.QueryAsked{Text: "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps.", ThreadId: thread})
	streamtest.Publish(t, r.Broker, q)
	asked := streamtest.Await(t, r.Broker, topic.Reviews, 1, func(e event.Event) bool {
		d, ok := e.Data.(*event.ReviewRequested)
		return ok && d.GetQueryId() == q.ID
	})
	return q.ID, asked[0].Data.(*event.ReviewRequested)
}

func (r *rig) answer(t *testing.T, query string) string {
	t.Helper()
	return streamtest.Await(t, r.Broker, topic.Answers, 1, answerOf(query))[0].Data.(*event.AnswerGiven).GetText()
}

func TestReviewsAreListedShownAndDecidedOnce(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	require.Contains(t, r.do(t, "review", "list"), "no action waits")
	require.Equal(t, "[]\n", r.do(t, "review", "list", "--json"))
	query, asked := r.askQuotation(t, threadA)
	id := asked.GetReviewId()
	require.Contains(t, r.do(t, "review", "list"), "ragline review approve "+id)
	require.Equal(t, id, read[[]*event.ReviewRequested](t, r.do(t, "review", "list", "--json"))[0].GetReviewId())
	shown := r.do(t, "review", "show", id[:8])
	require.Contains(t, shown, "total EUR 368.00")
	require.Contains(t, shown, "\"style\": \"NS-P101\"")
	require.Contains(t, r.do(t, "threads", "--status", "interrupted"), "ragline review list")
	require.Contains(t, r.do(t, "history", threadA), "human_review (waits)")
	require.Contains(t, r.do(t, "state", threadA), "ragline review show "+id)

	edited := read[decisionView](t, r.do(t, "review", "edit", id[:8], `{"customer": "Acme Pumps", "items": [{"style": "NS-P101", "quantity": 7}]}`, "--reviewer", "ada", "--json"))
	require.Equal(t, decisionView{
		ReviewID: id, ThreadID: threadA, Decision: "edit", Reviewer: "ada", Arguments: edited.Arguments,
	}, edited)
	require.Contains(t, r.answer(t, query), "EUR 128.80")

	require.Contains(t, r.do(t, "review", "show", id), "edit, by ada")
	require.Equal(t, "edit", read[struct{ Decided decisionView }](t, r.do(t, "review", "show", id, "--json")).Decided.Decision)
	require.Contains(t, r.refused(t, exitFailure, "review", "approve", id), "does not wait any more: ada decided to edit")
	require.Contains(t, r.refused(t, exitFailure, "review", "approve", "unknown"), "there is no review unknown (`ragline review list`")
}

func TestReviewerAnswersInPlaceOfTheAction(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	query, asked := r.askQuotation(t, threadA)
	require.Contains(t, r.do(t, "review", "respond", asked.GetReviewId(), "Acme has", "a frame contract"), "decided: "+asked.GetReviewId())
	require.NotEmpty(t, r.answer(t, query))
	require.Empty(t, streamtest.ReadAll(t, r.Broker, topic.Quotations))
	require.Contains(t, r.do(t, "state", threadA), "tool: Acme has a frame contract")
}

func TestReplayStopsAtAPerson(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	query, asked := r.askQuotation(t, threadA)
	r.do(t, "review", "reject", asked.GetReviewId(), "--comment", "the customer is blocked")
	require.Contains(t, r.answer(t, query), "the customer is blocked")

	history := read[[]struct {
		Checkpoint struct {
			ID string `json:"checkpoint_id"`
		}
	}](t, r.do(t, "history", threadA, "--json"))
	text := r.do(t, "replay", threadA, history[len(history)-2].Checkpoint.ID)
	require.Contains(t, text, "waits for a person: generate_quotation")
	require.NotContains(t, text, "blocked", "that was the other branch")
	again := streamtest.Await(t, r.Broker, topic.Reviews, 1, func(e event.Event) bool {
		d, ok := e.Data.(*event.ReviewRequested)
		return ok && d.GetReviewId() != asked.GetReviewId()
	})[0].Data.(*event.ReviewRequested)
	require.Contains(t, text, "ragline review show "+again.GetReviewId())
	r.do(t, "review", "approve", again.GetReviewId())
	require.Contains(t, r.answer(t, again.GetQueryId()), "EUR 368.00")
}
