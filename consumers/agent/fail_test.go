package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestQueriesThatAreTooLargeToRepeatDoNotKeepTheirSlots(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	a := r.open(t, cfg, agent.Deps{})
	streamtest.Start(t, a.Run)
	var queries []event.Event
	for i := range cfg.Slots {
		tagged := query(fmt.Sprint("tagged ", i), "What is a low-E valve?")
		tagged.Data.(*event.QueryAsked).Origin.Tags = []string{strings.Repeat("x", 1_048_300)}
		long := query(fmt.Sprint(i, strings.Repeat("x", 530_000)), "What is a low-E valve?")
		both := query(fmt.Sprint(i, strings.Repeat("y", 400_000)), "What is a low-E valve?")
		both.Data.(*event.QueryAsked).Origin.Tags = []string{strings.Repeat("y", 400_000)}
		queries = append(queries, tagged, long, both)
	}
	deliver(t, a, queries...)
	for _, got := range r.answers(t, queries...) {
		require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, got.GetState())
		require.NotEmpty(t, got.GetThreadId())
		require.NotEmpty(t, got.GetError())
	}
	next := query("next", "What is a low-E valve?")
	deliver(t, a, next)
	require.True(t, r.answers(t, next)[0].GetSuccess())
}

// mumbler is a model that fails with an error that is no text.
type mumbler struct{}

func (mumbler) Name() string { return "mumbler" }

func (mumbler) Generate(context.Context, llm.Request, func(string)) (llm.Response, error) {
	return llm.Response{}, errors.New("no \xff")
}

func TestErrorThatIsNoTextEndsTheRun(t *testing.T) {
	t.Parallel()
	r := setup(t)
	a := r.open(t, config(t), agent.Deps{Model: mumbler{}})
	streamtest.Start(t, a.Run)
	q := query("thread", "?!")
	deliver(t, a, q)
	got := r.answers(t, q)[0]
	require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, got.GetState())
	require.Contains(t, got.GetError(), "no \uFFFD")
}

func TestRunThatCannotBeReadIsAnsweredUnderItsQueryOrNotAtAll(t *testing.T) {
	t.Parallel()
	r := setup(t)
	store := checkpoint.NewMemory()
	accept := func(id, input string) {
		_, err := store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: "thread", Input: []byte(input)}})
		require.NoError(t, err)
	}
	known := event.Event{ID: "known"}
	accept("no JSON", "?")
	accept("no query", `{"query_id":"known","query":7}`)
	log := &streamtest.Log{}
	a := r.open(t, config(t), agent.Deps{Store: store, Logger: log.Logger()})
	streamtest.Start(t, a.Run)
	got := r.answers(t, known)[0]
	require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, got.GetState())
	require.Equal(t, "known", got.GetThreadId())
	require.Equal(t, 1, log.Count("a run ends without an answer"))
	for _, id := range []string{"no JSON", "no query"} {
		run, err := store.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, checkpoint.StatusFailed, run.Status)
	}
	require.Empty(t, of[*event.AnswerGiven](t, r, topic.Answers, "no JSON"))
}
