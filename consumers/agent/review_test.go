package agent_test

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/provider"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	waitLong = 30 * time.Second
	tick     = 10 * time.Millisecond

	quotationAsked = "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps."
)

// requested waits for the review of a query.
func (r *rig) requested(t *testing.T, q event.Event) *event.ReviewRequested {
	t.Helper()
	found := streamtest.Await(t, r.Broker, topic.Reviews, 1, func(e event.Event) bool {
		m, ok := e.Data.(*event.ReviewRequested)
		return ok && m.GetQueryId() == q.ID
	})
	return found[0].Data.(*event.ReviewRequested)
}

func decision(q *event.ReviewRequested, d event.Decision, arguments, comment string) event.Event {
	return event.New("test", &event.ReviewDecided{
		ReviewId: q.GetReviewId(), ThreadId: q.GetThreadId(), Decision: d, Arguments: arguments, Comment: comment, Reviewer: "ann",
	})
}

func TestApprovedQuotationIsSentOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", quotationAsked)
	streamtest.Publish(t, r.Broker, q)
	review := r.requested(t, q)
	require.Equal(t, "generate_quotation", review.GetTool())
	require.Contains(t, review.GetDescription(), "EUR 368.00")
	require.Empty(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID))
	// The slot is free: another thread is answered meanwhile.
	r.ask(t, query("other", "What leak does API 624 accept?"))

	streamtest.Publish(t, r.Broker, decision(review, event.Decision_DECISION_APPROVE, "", ""), decision(review, event.Decision_DECISION_REJECT, "", "too late"))
	a := r.answers(t, q)[0]
	require.Equal(t, event.AnswerState_ANSWER_STATE_ANSWERED, a.GetState())
	require.Contains(t, a.GetText(), "EUR 368.00")
	r.ask(t, query("thread", "What is a low-E valve?"))
	sent := of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID)
	require.Len(t, sent, 1)
	require.EqualValues(t, 36800, sent[0].GetTotalMinor())
	require.Equal(t, "Acme Pumps", sent[0].GetCustomer())
	require.Len(t, of[*event.AnswerGiven](t, r, topic.Answers, q.ID), 1)
	require.Len(t, of[*event.ReviewRequested](t, r, topic.Reviews, q.ID), 1)
}

func TestRejectedQuotationEndsWithAnAnswerThatSaysSo(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", quotationAsked)
	streamtest.Publish(t, r.Broker, q)
	streamtest.Publish(t, r.Broker, decision(r.requested(t, q), event.Decision_DECISION_REJECT, "", "no stock"))
	a := r.answers(t, q)[0]
	require.Equal(t, event.AnswerState_ANSWER_STATE_REJECTED, a.GetState())
	require.Contains(t, a.GetText(), "no stock")
	require.Empty(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID))
}

func TestEditedQuotationIsSentAsEdited(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", quotationAsked)
	streamtest.Publish(t, r.Broker, q)
	streamtest.Publish(t, r.Broker, decision(r.requested(t, q), event.Decision_DECISION_EDIT, `{"items":[{"style":"NS-P101","quantity":10}]}`, ""))
	require.Contains(t, r.answers(t, q)[0].GetText(), "EUR 184.00")
	require.EqualValues(t, 18400, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID)[0].GetTotalMinor())
}

func TestReviewersResponseTakesThePlaceOfTheTool(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", "Please send an enquiry about bellows to the sales team.")
	streamtest.Publish(t, r.Broker, q)
	streamtest.Publish(t, r.Broker, decision(r.requested(t, q), event.Decision_DECISION_RESPOND, "", "Sales has called already."))
	require.Equal(t, "Sales has called already.", r.answers(t, q)[0].GetText())
	require.Empty(t, of[*event.EnquirySubmitted](t, r, topic.Enquiries, q.ID))
}

func TestWithoutReviewsTheToolRunsAtOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	cfg.Reviews = "off"
	r.start(t, cfg)
	q := query("thread", "Please send an enquiry about bellows to the sales team.")
	require.True(t, r.ask(t, q)[0].GetSuccess())
	sent := of[*event.EnquirySubmitted](t, r, topic.Enquiries, q.ID)
	require.Len(t, sent, 1)
	require.Contains(t, sent[0].GetSubject(), "bellows")
}

func TestReviewSurvivesARestart(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	q, next := query("thread", quotationAsked), query("thread", "What is a low-E valve?")
	first := r.open(t, cfg, agent.Deps{})
	stop := streamtest.Start(t, first.Run)
	deliver(t, first, q, next)
	review := r.requested(t, q)
	require.NoError(t, stop())
	require.NoError(t, first.Close())

	second := r.open(t, cfg, agent.Deps{})
	streamtest.Start(t, second.Run)
	deliver(t, second, q, decision(review, event.Decision_DECISION_APPROVE, "", ""))
	answers := r.answers(t, q, next)
	require.Contains(t, answers[0].GetText(), "EUR 368.00")
	require.Contains(t, answers[1].GetText(), "100 ppm")
}

func TestCanceledQueryIsAnsweredAsFailedAndLetsTheNextOneRun(t *testing.T) {
	t.Parallel()
	r := setup(t)
	a := r.start(t, config(t))
	q, next := query("thread", quotationAsked), query("thread", "What is a low-E valve?")
	streamtest.Publish(t, r.Broker, q, next)
	r.requested(t, q)
	require.NoError(t, a.Cancel(t.Context(), q.Tenant, q.ID))
	require.NoError(t, a.Cancel(t.Context(), q.Tenant, q.ID))
	answers := r.answers(t, q, next)
	require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, answers[0].GetState())
	require.Equal(t, "canceled", answers[0].GetError())
	require.True(t, answers[1].GetSuccess())
}

// gated is a model that answers nothing but quotations until it is opened.
type gated struct {
	llm.Model
	open chan struct{}
}

func (g gated) Generate(ctx context.Context, r llm.Request, onToken func(string)) (llm.Response, error) {
	for _, m := range r.Messages {
		if m.Role == llm.RoleUser && m.Text == quotationAsked {
			return g.Model.Generate(ctx, r, onToken)
		}
	}
	select {
	case <-g.open:
	case <-ctx.Done():
		return llm.Response{}, ctx.Err()
	}
	return g.Model.Generate(ctx, r, onToken)
}

func TestDecisionIsTakenWhileTheBacklogIsFull(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	cfg.Slots, cfg.Backlog = 1, 4
	model, err := provider.New(cfg.LLM, r.pack, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	store, gate := checkpoint.NewMemory(), make(chan struct{})
	a := r.open(t, cfg, agent.Deps{Store: store, Model: gated{model, gate}})
	streamtest.Start(t, a.Run)
	c, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(r.Broker), agent.Topics(), a.Handler())
	require.NoError(t, err)
	streamtest.Start(t, c.Run)

	queries := []event.Event{query("quoted", quotationAsked)}
	streamtest.Publish(t, r.Broker, queries...)
	review := r.requested(t, queries[0])
	for i := range 40 { // more than the backlog and the slots of the runtime take, behind the review and beside it
		queries = append(queries, query("quoted", "What is a low-E valve?"), query(strconv.Itoa(i), "What is a low-E valve?"))
	}
	streamtest.Publish(t, r.Broker, queries[1:]...)
	streamtest.Publish(t, r.Broker, decision(review, event.Decision_DECISION_APPROVE, "", ""))
	require.Eventually(t, func() bool {
		run, err := store.Run(t.Context(), agent.RunID(event.DefaultTenant, queries[0].ID))
		return err == nil && run.Status == checkpoint.StatusQueued
	}, waitLong, tick, "the decision is taken while nothing else moves")

	close(gate)
	for _, got := range r.answers(t, queries...) {
		require.True(t, got.GetSuccess())
	}
	var order []string
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Answers) {
		if given := e.Data.(*event.AnswerGiven); given.GetThreadId() == "quoted" {
			order = append(order, given.GetQueryId())
		}
	}
	for i := range 40 {
		require.Equal(t, queries[1+2*i].ID, order[1+i], "the order of the thread")
	}
}
