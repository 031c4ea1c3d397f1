package checkpoint_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func runCases() cases {
	return cases{
		"a run is accepted once":                  acceptedOnce,
		"input waits for the run ahead":           inputWaits,
		"input of a stale head is dropped":        staleInput,
		"input goes on from the head it knew":     freshInput,
		"messages of an acceptance are sent once": acceptanceMessages,
		"unfinished runs come in pages":           pages,
		"runs of a thread come in pages":          threadRuns,
		"the oldest unfinished run has its turn":  turn,
		"goroutines that accept one run agree":    acceptRace,
	}
}

func acceptedOnce(t *testing.T, s checkpoint.Store) {
	at := checkpoint.Position{Topic: "q", Partition: 1, Offset: 7}
	input := point("c0", "", "r1", -1)
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Input: []checkpoint.Checkpoint{input}, At: at})
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Head: "c0", Input: []checkpoint.Checkpoint{point("c1", "c0", "r1", -1)}})
	require.NoError(t, err)
	require.False(t, ok)

	want := run("r1", "t")
	want.Seq, want.Status = 1, checkpoint.StatusQueued
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.Checkpoint{input}, line)
	got, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = s.Run(t.Context(), "other")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func inputWaits(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r2", "t"), Head: "", Input: []checkpoint.Checkpoint{point("c0", "", "r2", -1)}})
	require.NoError(t, err)
	require.True(t, ok)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Empty(t, line)
}

func staleInput(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c0", "", "r1", -1)}, Status: checkpoint.StatusDone})
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r2", "t"), Head: "", Input: []checkpoint.Checkpoint{point("c1", "", "r2", -1)}})
	require.NoError(t, err)
	require.True(t, ok)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"c0"}, ids(line))
}

func unfinished(t *testing.T, s checkpoint.Store, status checkpoint.Status, after int64, limit int) []string {
	t.Helper()
	runs, err := s.Unfinished(t.Context(), status, after, limit)
	require.NoError(t, err)
	var out []string
	for _, r := range runs {
		require.Empty(t, r.Input)
		require.Equal(t, status, r.Status)
		require.Greater(t, r.Seq, after)
		out = append(out, r.ID)
	}
	return out
}

func pages(t *testing.T, s checkpoint.Store) {
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		accept(t, s, id)
	}
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusDone})
	commit(t, s, checkpoint.Commit{RunID: "r3", Status: checkpoint.StatusInterrupted})
	require.Equal(t, []string{"r1"}, unfinished(t, s, checkpoint.StatusQueued, 0, 1))
	first, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, []string{"r4"}, unfinished(t, s, checkpoint.StatusQueued, first.Seq, 2))
	require.Equal(t, []string{"r3"}, unfinished(t, s, checkpoint.StatusInterrupted, 0, 2))
}

func freshInput(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1)), Status: checkpoint.StatusDone})
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{
		Run: run("r2", "t"), Head: "c0", Input: points(point("f0", "c0", "r2", 0), point("f1", "f0", "r2", 1)),
	})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"c0", "f0", "f1"}, load(t, s, ""))
}

func acceptanceMessages(t *testing.T, s checkpoint.Store) {
	for _, m := range []string{"m1", "m2"} {
		_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Messages: messages(m)})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"m1"}, unsent(t, s))
}

func threadRuns(t *testing.T, s checkpoint.Store) {
	for _, id := range []string{"r1", "r2", "r3"} {
		accept(t, s, id)
	}
	_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("other", "u")})
	require.NoError(t, err)
	var got []string
	for offset := range 4 {
		part, err := s.ThreadRuns(t.Context(), "t", 1, offset)
		require.NoError(t, err)
		for _, r := range part {
			require.Empty(t, r.Input)
			require.Equal(t, "t", r.ThreadID)
			got = append(got, r.ID)
		}
	}
	require.Equal(t, []string{"r3", "r2", "r1"}, got)
}

func turn(t *testing.T, s checkpoint.Store) {
	_, err := s.Turn(t.Context(), "t")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	for _, id := range []string{"r1", "r2", "r3"} {
		accept(t, s, id)
	}
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusInterrupted})
	got, err := s.Turn(t.Context(), "t")
	require.NoError(t, err)
	require.Equal(t, "r2", got.ID)
	require.Equal(t, []byte("in"), got.Input)
}

func acceptRace(t *testing.T, s checkpoint.Store) {
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for range 8 {
		wg.Go(func() {
			ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Input: points(point("c0", "", "r1", -1)), Messages: messages("m")})
			if err == nil && ok {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(1), accepted.Load())
	require.Equal(t, []string{"c0"}, load(t, s, ""))
	require.Equal(t, []string{"m"}, unsent(t, s))
}
