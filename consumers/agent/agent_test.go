package agent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestSeedsAreAnsweredOverKafka(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	var queries []event.Event
	for _, s := range r.pack.Seeds {
		queries = append(queries, query(s.ID, s.Question))
	}
	for i, a := range r.ask(t, queries...) {
		seed := r.pack.Seeds[i]
		if !seed.Answerable {
			require.Equal(t, event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE, a.GetState(), seed.Question)
			require.Contains(t, a.GetText(), r.pack.NotFound)
			continue
		}
		require.Equal(t, event.AnswerState_ANSWER_STATE_ANSWERED, a.GetState(), seed.Question)
		require.True(t, slices.ContainsFunc(a.GetSources(), func(s *event.Source) bool {
			return s.GetCited() && slices.Contains(seed.Documents, s.GetDocumentId())
		}), "%s: %s", seed.Question, a.GetText())
	}
}

func TestAnswerComesWithItsTraceInteractionAndChunks(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", "How many mechanical cycles does API 622 run?")
	a := r.ask(t, q)[0]

	require.True(t, a.GetSuccess())
	require.Contains(t, a.GetText(), "1,510")
	require.Equal(t, []string{"lookup_standard", "search_knowledge"}, a.GetToolsUsed())
	require.EqualValues(t, 3, a.GetIterations())
	require.Equal(t, "u", a.GetOrigin().GetUserId())
	require.Zero(t, a.GetCost().GetPicoUsd())
	require.NotEmpty(t, a.GetCost().GetPriceTable())
	require.Positive(t, a.GetUsage().GetInputTokens())
	require.Equal(t, "final_answer", a.GetSteps()[len(a.GetSteps())-1].GetNode())

	interaction := of[*event.InteractionCaptured](t, r, topic.Interactions, q.ID)
	require.Len(t, interaction, 1)
	require.Equal(t, a.GetText(), interaction[0].GetAnswer())
	require.Equal(t, a.GetTraceId(), interaction[0].GetTraceId())
	require.NotEmpty(t, interaction[0].GetSources()[0].GetText())

	chunks := of[*event.AnswerChunk](t, r, topic.AnswerChunks, q.ID)
	var text strings.Builder
	for i, c := range chunks {
		require.EqualValues(t, i, c.GetIndex())
		require.Equal(t, i == len(chunks)-1, c.GetLast())
		text.WriteString(c.GetText())
	}
	require.Equal(t, a.GetText(), text.String())
}

func TestSpansFormOneTreeThatCarriesTheOrigin(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q := query("thread", "How far are the joints of packing rings staggered?")
	a := r.ask(t, q)[0]
	spans := of[*event.SpanEnded](t, r, topic.Spans, q.ID)
	byID := map[string]*event.SpanEnded{}
	names := map[string]int{}
	for _, s := range spans {
		byID[s.GetSpanId()] = s
		names[s.GetName()]++
		require.Equal(t, a.GetTraceId(), s.GetTraceId())
		require.Equal(t, "u", s.GetOrigin().GetUserId())
		require.Equal(t, []string{"demo"}, s.GetOrigin().GetTags())
		require.Equal(t, "thread", s.GetThreadId())
		require.False(t, s.GetEndTime().AsTime().Before(s.GetStartTime().AsTime()))
	}
	require.Len(t, byID, len(spans), "span ids are unique")
	require.Equal(t, map[string]int{
		"invoke_agent ragline": 1, "thought": 2, "action_selector": 2, "tool_executor": 1, "observation": 1, "final_answer": 1,
		"chat extractive": 2, "execute_tool search_knowledge": 1, "retrieval documents": 1,
	}, names)
	for _, s := range spans {
		if s.GetName() == "invoke_agent ragline" {
			require.Empty(t, s.GetParentSpanId())
			continue
		}
		require.Contains(t, byID, s.GetParentSpanId(), s.GetName())
		if s.GetOperation() == "chat" {
			require.Positive(t, s.GetUsage().GetInputTokens())
			require.NotNil(t, s.GetCost())
		}
	}
}

func TestQueryThatIsPublishedTwiceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	q, last := query("thread", "What leak does API 624 accept?"), query("thread", "What is a low-E valve?")
	streamtest.Publish(t, r.Broker, q, q)
	r.ask(t, last)
	require.Len(t, of[*event.AnswerGiven](t, r, topic.Answers, q.ID), 1)
}

func TestTenantsThatChooseTheSameIdsAreBothAnswered(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	mine, theirs := query("thread", "What leak does API 624 accept?"), query("thread", "What is a low-E valve?")
	again := mine
	again.Source = "another gateway"
	theirs.ID, theirs.Tenant = mine.ID, "other"
	last := query("thread", "What is a low-E valve?")
	streamtest.Publish(t, r.Broker, mine, again, theirs, last)
	r.answers(t, last)
	byTenant := map[string][]string{}
	streamtest.Await(t, r.Broker, topic.Answers, 2, func(e event.Event) bool {
		if e.Data.(*event.AnswerGiven).GetQueryId() != mine.ID {
			return false
		}
		byTenant[e.Tenant] = append(byTenant[e.Tenant], e.Data.(*event.AnswerGiven).GetTraceId())
		return true
	})
	require.Len(t, byTenant["default"], 1)
	require.Len(t, byTenant["other"], 1)
	require.NotEqual(t, byTenant["default"], byTenant["other"])
}

func TestTenantsDoNotShareAConversation(t *testing.T) {
	t.Parallel()
	r := setup(t)
	heard := &listener{}
	a := r.open(t, config(t), agent.Deps{Model: heard})
	streamtest.Start(t, a.Run)
	mine, theirs := query("thread", "my secret?"), query("thread", "what did I say?")
	theirs.Tenant = "other"
	deliver(t, a, mine)
	r.answers(t, mine)
	deliver(t, a, theirs)
	r.answers(t, theirs)
	require.NotContains(t, heard.last(), "my secret?")
}

// listener is a model that remembers what it was last told.
type listener struct {
	mu   sync.Mutex
	told []llm.Message
}

func (*listener) Name() string { return "listener" }

func (l *listener) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = r.Messages
	return llm.Response{Text: "heard"}, nil
}

func (l *listener) last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, m := range l.told {
		out = append(out, m.Text)
	}
	return out
}

func TestQueriesOfAThreadAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	var queries []event.Event
	for i := range 6 {
		queries = append(queries, query("thread", fmt.Sprintf("What leak does API 624 accept? (%d)", i)))
	}
	r.ask(t, queries...)
	var got []string
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Answers) {
		got = append(got, e.Data.(*event.AnswerGiven).GetQueryId())
	}
	var want []string
	for _, q := range queries {
		want = append(want, q.ID)
	}
	require.Equal(t, want, got)
}

func TestAgentForgetsOldRuns(t *testing.T) {
	t.Parallel()
	r := setup(t)
	store := checkpoint.NewMemory()
	_, err := store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "old", ThreadID: "t"}})
	require.NoError(t, err)
	require.NoError(t, store.Commit(t.Context(), checkpoint.Commit{
		ThreadID: "t", RunID: "old", Status: checkpoint.StatusDone, EndedAt: time.Now().Add(-721 * time.Hour),
	}))
	streamtest.Start(t, r.open(t, config(t), agent.Deps{Store: store}).Run)
	require.Eventually(t, func() bool {
		_, err := store.Run(t.Context(), "old")
		return errors.Is(err, checkpoint.ErrNotFound)
	}, waitLong, tick)
}

func TestChangedDocumentChangesTheAnswer(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.start(t, config(t))
	require.Equal(t, event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE, r.ask(t, query("a", "Who sells zirconium gizmos?"))[0].GetState())
	streamtest.Publish(t, r.Broker, event.New("test", &event.DocumentChanged{DocumentId: "gizmo", Text: "Acme sells zirconium gizmos."}))
	require.Eventually(t, func() bool {
		return strings.Contains(r.ask(t, query("b", "Who sells zirconium gizmos?"))[0].GetText(), "[gizmo]")
	}, waitLong, tick)
}
