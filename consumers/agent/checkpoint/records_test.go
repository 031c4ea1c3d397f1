package checkpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func recordCases() cases {
	return cases{
		"a record is put, replaced and deleted": recordLife,
		"records are listed in pages":           recordPages,
	}
}

func recordLife(t *testing.T, s checkpoint.Store) {
	r := checkpoint.Record{
		Kind: "k", ID: "1", ThreadID: "t", Value: json.RawMessage(`{"a": 1}`), CreatedAt: time.Unix(1, 1).UTC(), UpdatedAt: time.Unix(2, 2).UTC(),
	}
	require.ErrorIs(t, second(s.Record(t.Context(), "k", "1")), checkpoint.ErrNotFound)
	for range 2 {
		require.NoError(t, s.PutRecord(t.Context(), r))
		got, err := s.Record(t.Context(), "k", "1")
		require.NoError(t, err)
		require.Equal(t, r, got)
		r.Value, r.ThreadID, r.UpdatedAt = json.RawMessage(`2`), "", time.Unix(3, 3).UTC()
	}
	require.ErrorIs(t, second(s.Record(t.Context(), "other", "1")), checkpoint.ErrNotFound)
	for range 2 {
		require.NoError(t, s.DeleteRecord(t.Context(), "k", "1"))
		require.ErrorIs(t, second(s.Record(t.Context(), "k", "1")), checkpoint.ErrNotFound)
	}
}

func recordPages(t *testing.T, s checkpoint.Store) {
	for i := range 5 {
		require.NoError(t, s.PutRecord(t.Context(), checkpoint.Record{
			Kind: "k", ID: strconv.Itoa(i), ThreadID: fmt.Sprint("t", i%2), Value: json.RawMessage(`1`), CreatedAt: time.Unix(int64(i/2), 0),
		}))
	}
	require.NoError(t, s.PutRecord(t.Context(), checkpoint.Record{Kind: "l", ID: "1", Value: json.RawMessage(`1`)}))
	list := func(thread string, limit, offset int) []string {
		got, err := s.ListRecords(t.Context(), "k", thread, limit, offset)
		require.NoError(t, err)
		var out []string
		for _, r := range got {
			out = append(out, r.ID)
		}
		return out
	}
	require.Equal(t, []string{"4", "3", "2", "1", "0"}, list("", 10, 0))
	require.Equal(t, []string{"2", "1"}, list("", 2, 2))
	require.Equal(t, []string{"3", "1"}, list("t1", 10, 0))
	require.Equal(t, []string{"0"}, list("t0", 2, 2))
	require.Empty(t, list("t0", 2, 9))
}

func leaseCases() cases {
	return cases{
		"a lease has one owner":                        leased,
		"a lease that ran out is taken over":           takenOver,
		"a zombie does not commit":                     zombie,
		"a lease that ran out holds until it is taken": lateOwner,
		"a released lease is free":                     released,
		"renewing prolongs all of an owner":            renewed,
		"goroutines that claim one lease agree":        claimRace,
		"old leases are forgotten":                     prunedLeases,
	}
}

// over is a time to live that has run out when the claim returns.
const over = -time.Second

func claim(t *testing.T, s checkpoint.Store, key, owner string, ttl time.Duration) checkpoint.Lease {
	t.Helper()
	l, err := s.Claim(t.Context(), key, owner, ttl)
	require.NoError(t, err)
	require.Equal(t, key, l.Key)
	require.Equal(t, owner, l.Owner)
	return l
}

func leased(t *testing.T, s checkpoint.Store) {
	first := claim(t, s, "t", "a", time.Hour)
	require.ErrorIs(t, second(s.Claim(t.Context(), "t", "b", time.Hour)), checkpoint.ErrLeased)
	require.Equal(t, first, claim(t, s, "t", "a", time.Hour), "it is renewed")
	claim(t, s, "u", "b", time.Hour)
}

func takenOver(t *testing.T, s checkpoint.Store) {
	first := claim(t, s, "t", "a", over)
	second := claim(t, s, "t", "b", over)
	require.Greater(t, second.Epoch, first.Epoch)
	third := claim(t, s, "t", "a", time.Hour)
	require.Greater(t, third.Epoch, second.Epoch)
}

func zombie(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	old := claim(t, s, "t", "a", over)
	commit(t, s, checkpoint.Commit{Lease: &old, Checkpoints: points(point("c0", "", "r1", -1))})
	fresh := claim(t, s, "t", "b", time.Hour)
	refused(t, s, checkpoint.Commit{
		RunID: "r1", Lease: &old, Checkpoints: points(point("z", "c0", "r1", 0)), Messages: messages("m"), Status: checkpoint.StatusDone,
	}, checkpoint.ErrLeaseLost)
	refused(t, s, checkpoint.Commit{RunID: "r1", Lease: &checkpoint.Lease{Key: "t", Owner: "b", Epoch: old.Epoch}}, checkpoint.ErrLeaseLost)
	commit(t, s, checkpoint.Commit{Lease: &fresh, Checkpoints: points(point("c1", "c0", "r1", 0))})
	require.Equal(t, []string{"c0", "c1"}, load(t, s, ""))
	require.Empty(t, unsent(t, s))
}

func lateOwner(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	l := claim(t, s, "t", "a", over)
	commit(t, s, checkpoint.Commit{Lease: &l, Status: checkpoint.StatusDone})
}

func released(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	old := claim(t, s, "t", "a", time.Hour)
	require.NoError(t, s.Release(t.Context(), old))
	require.NoError(t, s.Release(t.Context(), old))
	refused(t, s, checkpoint.Commit{RunID: "r1", Lease: &old}, checkpoint.ErrLeaseLost)
	fresh := claim(t, s, "t", "b", time.Hour)
	require.Greater(t, fresh.Epoch, old.Epoch)
	require.NoError(t, s.Release(t.Context(), old))
	require.ErrorIs(t, second(s.Claim(t.Context(), "t", "c", time.Hour)), checkpoint.ErrLeased, "it was taken over")
	require.NoError(t, s.Release(t.Context(), fresh))
	require.Greater(t, claim(t, s, "t", "a", time.Hour).Epoch, fresh.Epoch)
}

func renewed(t *testing.T, s checkpoint.Store) {
	claim(t, s, "t", "a", over)
	claim(t, s, "u", "a", over)
	claim(t, s, "v", "b", over)
	require.NoError(t, s.Renew(t.Context(), "a", time.Hour))
	for _, key := range []string{"t", "u"} {
		require.ErrorIs(t, second(s.Claim(t.Context(), key, "c", time.Hour)), checkpoint.ErrLeased)
	}
	claim(t, s, "v", "c", time.Hour)
}

// race runs a function in goroutines that begin together.
func race(t *testing.T, n int, fn func(worker string)) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			fn(string(rune('a' + i)))
		})
	}
	close(begin)
	wg.Wait()
}

func claimRace(t *testing.T, s checkpoint.Store) {
	claim(t, s, "t", "gone", over)
	var won atomic.Int32
	race(t, 8, func(worker string) {
		if _, err := s.Claim(context.WithoutCancel(t.Context()), "t", worker, time.Hour); err == nil {
			won.Add(1)
		}
	})
	require.Equal(t, int32(1), won.Load())
}

func prunedLeases(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	old := claim(t, s, "t", "a", -200*365*24*time.Hour)
	fresh := claim(t, s, "u", "a", time.Hour)
	require.Zero(t, prune(t, s, 10))
	refused(t, s, checkpoint.Commit{RunID: "r1", Lease: &old}, checkpoint.ErrLeaseLost)
	commit(t, s, checkpoint.Commit{Lease: &fresh})
}
