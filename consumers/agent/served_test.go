package agent_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// served is an agent that is driven through its server's backend.
type served struct {
	*rig
	a      *agent.Agent
	thread string
}

func serve(t *testing.T) *served {
	t.Helper()
	r := setup(t)
	s := &served{rig: r, a: r.open(t, config(t), agent.Deps{}), thread: uuid.NewString()}
	streamtest.Start(t, s.a.Run)
	require.NoError(t, s.a.Backend().CreateThread(t.Context(), api.Thread{ID: s.thread}))
	return s
}

// run starts a run and waits until it has stopped.
func (s *served) run(t *testing.T, start api.Start) api.Run {
	t.Helper()
	start.Run.ID, start.Run.ThreadID = uuid.NewString(), s.thread
	_, err := s.a.Backend().Start(t.Context(), start)
	require.NoError(t, err)
	for _, err := range s.a.Backend().Events(t.Context(), start.Run.ID) {
		require.NoError(t, err)
	}
	run, err := s.a.Backend().Run(t.Context(), start.Run.ID)
	require.NoError(t, err)
	return run
}

func (s *served) asks(t *testing.T, text string) {
	t.Helper()
	input, err := json.Marshal(map[string]any{"messages": []any{map[string]string{"role": "user", "content": text}}})
	require.NoError(t, err)
	s.run(t, api.Start{Input: input})
}

func (s *served) state(t *testing.T) api.Snapshot {
	t.Helper()
	at, err := s.a.Backend().State(t.Context(), s.thread, "")
	require.NoError(t, err)
	return at
}

func (s *served) quotations(t *testing.T) int {
	t.Helper()
	return len(streamtest.ReadRecords(t, s.Broker, topic.Quotations))
}

// sent waits for the answers that are to be there, behind which nothing of the outbox is left.
func (s *served) sent(t *testing.T, answers int) {
	t.Helper()
	streamtest.Await(t, s.Broker, topic.Answers, answers, func(event.Event) bool { return true })
}

func TestReplayOfAnApprovedActionAsksAgain(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.asks(t, quotationAsked)
	s.run(t, api.Start{Resume: map[string]json.RawMessage{"": json.RawMessage(`"approve"`)}})
	s.sent(t, 1)
	require.Equal(t, 1, s.quotations(t))
	var before string
	for at, err := range s.a.Backend().History(t.Context(), s.thread, api.HistoryQuery{Limit: 50}) {
		require.NoError(t, err)
		if slices.Contains(at.Next, react.NodeTool) {
			before = at.CheckpointID
		}
	}
	require.NotEmpty(t, before)
	s.run(t, api.Start{CheckpointID: before})
	require.Equal(t, []string{react.NodeReview}, s.state(t).Next)
	require.NotEmpty(t, s.state(t).Tasks[0].Interrupts)
	require.Equal(t, 1, s.quotations(t))
}

func TestClientCannotApproveByWritingTheState(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.asks(t, quotationAsked)
	for _, key := range react.ProtectedKeys() {
		_, err := s.a.Backend().Update(t.Context(), s.thread, api.StateUpdate{
			AsNode: react.NodeReview, Values: []api.KeyValue{{Key: key, Value: json.RawMessage(`null`)}},
		})
		require.ErrorIs(t, err, api.ErrInvalid, key)
	}
	require.NotEmpty(t, s.state(t).Tasks[0].Interrupts, "the question is still open")
}

func TestQueryOfTheServerThatComesBackStartsNothing(t *testing.T) {
	t.Parallel()
	r := setup(t)
	a := r.open(t, config(t), agent.Deps{})
	back := event.New("ragline/agent", &event.QueryAsked{Text: "?", ThreadId: "deleted"})
	deliver(t, a, back)
	_, err := a.Backend().Thread(t.Context(), "deleted")
	require.ErrorIs(t, err, api.ErrNotFound)
}

func TestEditThatLeavesNothingToDoEndsTheRun(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.asks(t, quotationAsked)
	_, err := s.a.Backend().Update(t.Context(), s.thread, api.StateUpdate{
		AsNode: react.NodeFinal, Values: []api.KeyValue{{Key: "answer", Value: json.RawMessage(`"by hand"`)}},
	})
	require.NoError(t, err)
	next := query(s.thread, "What leak does API 624 accept?")
	deliver(t, s.a, next)
	require.Contains(t, s.answers(t, next)[0].GetText(), "100 ppmv")
	s.sent(t, 2)
	require.Zero(t, s.quotations(t))
}

func TestDecisionOfAnotherTenantIsNone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.asks(t, quotationAsked)
	id := s.state(t).Tasks[0].Interrupts[0].ID
	other := event.New("test", &event.ReviewDecided{ReviewId: id, ThreadId: s.thread, Decision: event.Decision_DECISION_APPROVE})
	other.Tenant = "mallory"
	deliver(t, s.a, other)
	require.NotEmpty(t, s.state(t).Tasks[0].Interrupts)
	other.Tenant = ""
	deliver(t, s.a, other)
	s.sent(t, 1)
	require.Equal(t, 1, s.quotations(t))
}
