package checkpoint_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
)

// two opens the stores of two workers on one database, at the same time.
func two(t *testing.T) (a, b *checkpoint.Postgres, url string) {
	url = postgrestest.URL(t) + "&application_name=" + name(t)
	race(t, 2, func(worker string) {
		s, err := checkpoint.OpenPostgres(t.Context(), url)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = s.Close() })
		if worker == "a" {
			a = s
		} else {
			b = s
		}
	})
	require.False(t, t.Failed())
	return a, b, url
}

// name tells the connections of a test from those of others.
func name(t *testing.T) string { return t.Name()[:min(60, len(t.Name()))] }

func TestTwoWorkersAcceptARunOnce(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	for i := range 10 {
		var accepted atomic.Int32
		race(t, 2, func(worker string) {
			s := map[string]checkpoint.Store{"a": a, "b": b}[worker]
			ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run(strconv.Itoa(i), "t"), Messages: messages(strconv.Itoa(i))})
			if err != nil {
				t.Error(err)
			}
			if ok {
				accepted.Add(1)
			}
		})
		require.Equal(t, int32(1), accepted.Load())
		require.Len(t, unsent(t, b), i+1)
	}
}

func TestWorkersThatCommitToOneThreadFollowEachOther(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	accept(t, a, "r1")
	race(t, 8, func(worker string) {
		s := a
		if worker > "d" {
			s = b
		}
		for i := range 20 {
			c := checkpoint.Commit{ThreadID: "t", RunID: "r1", Checkpoints: points(point(fmt.Sprint(worker, i), "", "r1", i)), Messages: messages(fmt.Sprint(worker, i))}
			if err := s.Commit(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
	})
	all, err := a.History(t.Context(), "t", "", 1000)
	require.NoError(t, err)
	require.Len(t, all, 160)
	sent := unsent(t, b)
	require.Len(t, sent, 160)
	for i, c := range all { // newest first
		require.Equal(t, c.ID, sent[len(sent)-1-i], "the outbox is in the order of the thread's commits")
	}
	require.Equal(t, []string{all[0].ID}, load(t, a, ""))
}

// A zombie that has begun its commit when its lease is taken over must not end it after the new owner has read the thread.
func TestALeaseIsNotTakenOverDuringACommit(t *testing.T) {
	t.Parallel()
	a, b, url := two(t)
	accept(t, a, "r1")
	old := claim(t, a, "t", "a", over)
	conn := raw(t, url)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE`)
	require.NoError(t, err)
	committed, claimed := make(chan error, 1), make(chan error, 1)
	go func() {
		committed <- a.Commit(context.WithoutCancel(t.Context()), checkpoint.Commit{
			ThreadID: "t", RunID: "r1", Lease: &old, Checkpoints: points(point("c0", "", "r1", -1)),
			Receipts: []checkpoint.Receipt{{CallID: "call", RunID: "r1", Arguments: []byte(`1`)}},
		})
	}()
	waits(t, url, "INSERT INTO receipts")
	go func() {
		_, err := b.Claim(context.WithoutCancel(t.Context()), "t", "b", time.Hour)
		claimed <- err
	}()
	waits(t, url, "DELETE FROM leases")
	require.Empty(t, claimed)
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, <-committed)
	require.NoError(t, <-claimed)
	require.Equal(t, []string{"c0"}, load(t, b, ""))
}

// A commit that has taken a number and not ended yet must not be overtaken by what a reader has seen.
func TestReadersOfTheOutboxMissNoNumber(t *testing.T) {
	t.Parallel()
	a, b, url := two(t)
	accept(t, a, "r1")
	accept(t, a, "r2")
	obstacle, err := raw(t, url).Begin(t.Context())
	require.NoError(t, err)
	_, err = obstacle.Exec(t.Context(), `INSERT INTO outbox (id, topic, headers) VALUES ('held up', '', '')`)
	require.NoError(t, err)
	committed, read := make(chan error, 1), make(chan []string, 1)
	go func() {
		committed <- a.Commit(context.WithoutCancel(t.Context()), checkpoint.Commit{ThreadID: "t", RunID: "r1", Messages: messages("first", "held up")})
	}()
	waits(t, url, "INSERT INTO outbox")
	_, err = a.Accept(t.Context(), checkpoint.Acceptance{Run: run("r3", "u"), Messages: messages("second")})
	require.NoError(t, err, "another thread does not wait")
	go func() {
		list, _ := b.UnsentIDs(context.WithoutCancel(t.Context()), 0, 10)
		var got []string
		for _, m := range list {
			got = append(got, m.ID)
		}
		read <- got
	}()
	waits(t, url, "SELECT pg_advisory_xact_lock(")
	require.NoError(t, obstacle.Rollback(t.Context()))
	require.NoError(t, <-committed)
	require.Equal(t, []string{"first", "held up", "second"}, <-read)
}

func raw(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

// waits returns when a statement of this test waits for a lock.
func waits(t *testing.T, url, statement string) {
	t.Helper()
	conn := raw(t, url)
	require.Eventually(t, func() bool {
		var n int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
 WHERE NOT l.granted AND a.query LIKE $1 || '%' AND a.application_name = $2`, statement, name(t)).Scan(&n)
		return err == nil && n > 0
	}, time.Minute, time.Millisecond, "nobody waits in %s", statement)
}
