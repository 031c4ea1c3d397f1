package checkpoint_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func threadCases() cases {
	return cases{
		"a thread begins with its first run":     threadOfRun,
		"a thread is put and replaced":           putThread,
		"a thread's status follows its runs":     threadStatus,
		"a thread knows when it was changed":     threadChanged,
		"a thread's metadata must be an object":  threadMetadata,
		"a thread expires when nobody works":     expired,
		"commits with a head form one line":      oneLine,
		"ids of any kind come back as they were": anyID,
	}
}

func thread(t *testing.T, s checkpoint.Store, id string) checkpoint.Thread {
	t.Helper()
	got, err := s.Thread(t.Context(), id)
	require.NoError(t, err)
	return got
}

func threadOfRun(t *testing.T, s checkpoint.Store) {
	_, err := s.Thread(t.Context(), "t")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	accept(t, s, "r1")
	got := thread(t, s, "t")
	require.Equal(t, run("", "").CreatedAt, got.CreatedAt)
	require.JSONEq(t, `{}`, string(got.Metadata))
	require.Zero(t, got.ExpiresAt)
}

func put(t *testing.T, s checkpoint.Store, th checkpoint.Thread) bool {
	t.Helper()
	fresh, err := s.PutThread(t.Context(), th)
	require.NoError(t, err)
	return fresh
}

func putThread(t *testing.T, s checkpoint.Store) {
	th := checkpoint.Thread{ID: "t", Metadata: json.RawMessage(`{"a":1}`), CreatedAt: time.Unix(3, 0).UTC(), ExpiresAt: time.Unix(9, 1).UTC()}
	require.True(t, put(t, s, th))
	got := thread(t, s, "t")
	require.NotZero(t, got.UpdatedAt)
	require.JSONEq(t, `{"a":1}`, string(got.Metadata))
	got.Metadata, got.UpdatedAt, th.Metadata, th.Status = nil, time.Time{}, nil, checkpoint.ThreadIdle
	require.Equal(t, th, got)

	accept(t, s, "r1")
	require.False(t, put(t, s, checkpoint.Thread{ID: "t", Metadata: json.RawMessage(`{"b":2}`)}))
	got = thread(t, s, "t")
	require.JSONEq(t, `{"b":2}`, string(got.Metadata))
	require.Zero(t, got.ExpiresAt)
	require.Equal(t, time.Unix(3, 0).UTC(), got.CreatedAt)
	require.Equal(t, checkpoint.ThreadBusy, got.Status)
	require.True(t, put(t, s, checkpoint.Thread{ID: "u"}))
	require.NotZero(t, thread(t, s, "u").CreatedAt)
}

func threadStatus(t *testing.T, s checkpoint.Store) {
	is := func(want checkpoint.ThreadStatus) {
		t.Helper()
		require.Equal(t, want, thread(t, s, "t").Status)
	}
	accept(t, s, "r1")
	accept(t, s, "r2")
	is(checkpoint.ThreadBusy)
	interrupt(t, s, question("i", "x"))
	is(checkpoint.ThreadInterrupted) // though r2 is queued behind it
	require.NotNil(t, decide(t, s, decision("i", `1`)))
	is(checkpoint.ThreadBusy)
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	is(checkpoint.ThreadBusy)
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusFailed})
	is(checkpoint.ThreadError)
	accept(t, s, "r3")
	is(checkpoint.ThreadBusy)
	commit(t, s, checkpoint.Commit{RunID: "r3", Status: checkpoint.StatusDone})
	is(checkpoint.ThreadIdle)
}

func threadChanged(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	last := thread(t, s, "t").UpdatedAt
	for _, change := range []func(){
		func() { commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))}) },
		func() { interrupt(t, s, question("i", "x")) },
		func() { decide(t, s, decision("i", `1`)) },
		func() { accept(t, s, "r2") },
		func() { put(t, s, checkpoint.Thread{ID: "t"}) },
	} {
		change()
		now := thread(t, s, "t").UpdatedAt
		require.True(t, now.After(last))
		last = now
	}
}

func threadMetadata(t *testing.T, s checkpoint.Store) {
	for _, bad := range []string{`[]`, `null`, `1`, `{`} {
		_, err := s.PutThread(t.Context(), checkpoint.Thread{ID: "t", Metadata: json.RawMessage(bad)})
		require.ErrorIs(t, err, checkpoint.ErrInvalid)
	}
	_, err := s.Thread(t.Context(), "t")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func expired(t *testing.T, s checkpoint.Store) {
	for id, at := range map[string]int64{"a": 5, "b": 4, "busy": 1, "later": 50} {
		put(t, s, checkpoint.Thread{ID: id, ExpiresAt: time.Unix(at, 0)})
	}
	put(t, s, checkpoint.Thread{ID: "never"})
	_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "busy")})
	require.NoError(t, err)
	due := func(limit int) []string {
		got, err := s.Expired(t.Context(), time.Unix(5, 0), limit)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, []string{"b", "a"}, due(10))
	require.Equal(t, []string{"b"}, due(1))
	require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{ThreadID: "busy", RunID: "r1", Status: checkpoint.StatusFailed}))
	require.Equal(t, []string{"busy", "b", "a"}, due(10))
}

// oneLine has several goroutines go on from what they have read: each head has one child.
func oneLine(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))})
	race(t, 4, func(worker string) {
		for range 10 {
			line, err := s.Load(t.Context(), "t", "")
			if err != nil {
				t.Error(err)
				return
			}
			head := line[len(line)-1]
			_ = s.Commit(t.Context(), checkpoint.Commit{
				ThreadID: "t", RunID: "r1", Head: head.ID, Checkpoints: points(point(head.ID+worker, head.ID, "r1", head.Step+1)),
			})
		}
	})
	all, err := s.History(t.Context(), "t", "", 1000)
	require.NoError(t, err)
	require.Len(t, load(t, s, ""), len(all))
	require.GreaterOrEqual(t, len(all), 11, "the fastest of them always gets through")
}

func anyID(t *testing.T, s checkpoint.Store) {
	for _, id := range []string{
		"0190b5a0-1234-7abc-8def-0123456789ab", "0190B5A0-1234-7ABC-8DEF-0123456789AB", "0190b5a0-1234-7abc-8def-0123456789ag",
		"0190b5a012347abc8def0123456789ab", "sixteen bytes id", "ü/ß?%", "------------------------------------",
	} {
		_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run(id, "t"), Input: points(point(id, "", id, -1))})
		require.NoError(t, err)
		got, err := s.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, got.ID)
	}
}
