package checkpoint_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func decisionCases() cases {
	return cases{
		"an interrupt is decided once":                   decidedOnce,
		"a run is ready when all interrupts are decided": allDecided,
		"a run goes on although questions are open":      continued,
		"a decision of a run answers that run":           decidedByRun,
		"a run that does not wait is not decided":        notWaiting,
		"a decision is for threads of its prefix":        decidedByPrefix,
		"messages go with the answers that were taken":   decisionMessages,
		"a task has its questions in order":              questionsInOrder,
		"a repeated question keeps its answer":           repeatedQuestion,
	}
}

// decide returns the run if the decision has queued it.
func decide(t *testing.T, s checkpoint.Store, d checkpoint.Decision) *checkpoint.Run {
	t.Helper()
	out, err := s.Decide(t.Context(), d)
	require.NoError(t, err)
	return out.Queued
}

func interrupt(t *testing.T, s checkpoint.Store, list ...checkpoint.Interrupt) {
	t.Helper()
	commit(t, s, checkpoint.Commit{CheckpointID: "c0", Interrupts: list, Status: checkpoint.StatusInterrupted})
}

func decidedOnce(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, checkpoint.Interrupt{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`"?"`)})
	out, err := s.Decide(t.Context(), decision("unknown", `1`))
	require.NoError(t, err)
	require.Zero(t, out)
	out, err = s.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{"i": json.RawMessage(`1`)}, At: checkpoint.Position{Topic: "r", Offset: 3}})
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusQueued, out.Queued.Status)
	require.Equal(t, 1, out.Taken)
	out, err = s.Decide(t.Context(), decision("i", `2`))
	require.NoError(t, err)
	require.Zero(t, out)
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.TaskRecord{{TaskID: "x", Interrupts: []checkpoint.Interrupt{
		{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`"?"`), Resume: json.RawMessage(`1`)},
	}}}, tasks)
}

func decision(id, value string) checkpoint.Decision {
	return checkpoint.Decision{Answers: map[string]json.RawMessage{id: json.RawMessage(value)}}
}

func allDecided(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, checkpoint.Interrupt{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`1`)},
		checkpoint.Interrupt{ID: "j", CheckpointID: "c0", TaskID: "y", Value: json.RawMessage(`1`)})
	out, err := s.Decide(t.Context(), decision("j", `1`))
	require.NoError(t, err)
	require.Equal(t, checkpoint.Decided{Taken: 1}, out, "the other one is open")
	out, err = s.Decide(t.Context(), decision("i", `1`))
	require.NoError(t, err)
	require.Equal(t, "r1", out.Queued.ID)
	require.Equal(t, 1, out.Taken)
}

func continued(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"), question("j", "y"))
	ready := decide(t, s, checkpoint.Decision{RunID: "r1", Answers: map[string]json.RawMessage{"j": json.RawMessage(`1`)}, Continue: true})
	require.Equal(t, checkpoint.StatusQueued, ready.Status)
	require.Equal(t, []byte("in"), ready.Input)
	require.Equal(t, []string{"i"}, open(t, s))
	require.Nil(t, decide(t, s, checkpoint.Decision{RunID: "r1", Continue: true}), "it is queued")
	require.Nil(t, decide(t, s, checkpoint.Decision{Continue: true}), "of no run")
	interrupt(t, s, question("i", "x"))
	require.NotNil(t, decide(t, s, decision("i", `1`)))
}

func decidedByRun(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r2", "u")})
	require.NoError(t, err)
	interrupt(t, s, question("i", "x"))
	require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{
		ThreadID: "u", RunID: "r2", Interrupts: []checkpoint.Interrupt{question("j", "x")}, Status: checkpoint.StatusInterrupted,
	}))
	require.Nil(t, decide(t, s, checkpoint.Decision{RunID: "r1", Answers: map[string]json.RawMessage{"j": json.RawMessage(`1`)}}))
	require.Nil(t, decide(t, s, checkpoint.Decision{RunID: "unknown", Continue: true}))
	require.Equal(t, "r2", decide(t, s, decision("j", `1`)).ID)
	require.Equal(t, []string{"i"}, open(t, s))
}

func notWaiting(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Interrupts: []checkpoint.Interrupt{question("i", "x")}})
	require.Nil(t, decide(t, s, decision("i", `1`)), "it runs")
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusFailed})
	require.Nil(t, decide(t, s, decision("i", `1`)), "it has ended")
	require.Equal(t, []string{"i"}, open(t, s))
}

func decidedByPrefix(t *testing.T, s checkpoint.Store) {
	for id, thread := range map[string]string{"r1": "a_b/t", "r2": "axb/t"} {
		_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run(id, thread)})
		require.NoError(t, err)
		// Ids of questions are unique in their thread only.
		require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{
			ThreadID: thread, RunID: id, Interrupts: []checkpoint.Interrupt{question("i", "x"), question("of "+id, "y")}, Status: checkpoint.StatusInterrupted,
		}))
	}
	answers := map[string]json.RawMessage{"i": json.RawMessage(`1`), "of r1": json.RawMessage(`1`), "of r2": json.RawMessage(`1`)}
	for _, d := range []checkpoint.Decision{
		{ThreadPrefix: "c/", Answers: answers, Continue: true},
		{ThreadPrefix: "A", Answers: answers},
		{ThreadPrefix: "a_b/tu", Answers: answers},
		{ThreadPrefix: "a_b/", RunID: "r2", Answers: answers, Continue: true},
		{ThreadPrefix: "axb/", RunID: "r1", Continue: true},
		{ThreadPrefix: "a_b/", Answers: map[string]json.RawMessage{"of r2": json.RawMessage(`1`)}},
	} {
		out, err := s.Decide(t.Context(), d)
		require.NoError(t, err)
		require.Zero(t, out, d)
	}
	require.Empty(t, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
	out, err := s.Decide(t.Context(), checkpoint.Decision{ThreadPrefix: "axb/", Answers: answers})
	require.NoError(t, err)
	require.Equal(t, "r2", out.Queued.ID)
	require.Equal(t, 2, out.Taken)
	require.Equal(t, "r1", decide(t, s, checkpoint.Decision{ThreadPrefix: "a_b/", RunID: "r1", Continue: true}).ID)
}

func decisionMessages(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"), question("j", "y"), question("k", "z"))
	for round, answers := range []map[string]json.RawMessage{
		{"none": json.RawMessage(`1`)},
		{"i": json.RawMessage(`1`)},
		{"i": json.RawMessage(`2`)},
		{"none": json.RawMessage(`1`), "i": json.RawMessage(`2`), "j": json.RawMessage(`1`)},
		{"i": json.RawMessage(`2`)}, // and the run goes on
	} {
		d := checkpoint.Decision{RunID: "r1", Answers: answers, Messages: map[string][]checkpoint.Message{"k": messages("not answered")}, Continue: round == 4}
		for id := range answers {
			d.Messages[id] = messages(id+strconv.Itoa(round), id+strconv.Itoa(round)+" again")
		}
		decide(t, s, d)
	}
	require.Equal(t, []string{"i1", "i1 again", "j3", "j3 again"}, unsent(t, s))
	require.Equal(t, []string{"r1"}, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
}

func questionsInOrder(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	first, second := question("b", "x"), question("a", "x")
	second.Index = 1
	interrupt(t, s, first)
	require.NotNil(t, decide(t, s, decision("b", `"1"`)))
	interrupt(t, s, second)
	require.NotNil(t, decide(t, s, decision("a", `"2"`)))
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, []json.RawMessage{json.RawMessage(`"1"`), json.RawMessage(`"2"`)}, tasks[0].Resumes())
}

func repeatedQuestion(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"), question("j", "y"))
	require.Nil(t, decide(t, s, decision("i", `1`)))
	interrupt(t, s, question("i", "x"), question("j", "y"))
	require.Equal(t, []string{"j"}, open(t, s))
}
