package agent_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Two workers share the threads of a Postgres store. One is killed, the other stopped and continued after its leases have
// run out: every query is answered once, every effect is there once.
func TestWorkersShareThreadsOneIsKilledAnotherStopped(t *testing.T) {
	t.Parallel()
	r := setup(t)
	spec := r.Addr() + "," + postgrestest.URL(t)
	var queries []event.Event
	for i := range 24 {
		text := quotationAsked
		if i%2 == 0 {
			text = r.pack.Seeds[i%len(r.pack.Seeds)].Question
		}
		queries = append(queries, query(fmt.Sprint("thread ", i%5), text))
	}
	streamtest.Publish(t, r.Broker, queries...)
	after := func(more int, then func(before int)) {
		before := r.spans(t)
		require.Eventually(t, func() bool { return r.spans(t) >= before+more }, 2*waitLong, time.Millisecond)
		then(before)
	}
	killed, stopped := startChild(t, spec), startChild(t, spec)
	after(5, func(int) { require.NoError(t, killed.Process.Kill()) })
	_ = killed.Wait() // it was killed
	after(5, func(int) { require.NoError(t, stopped.Process.Signal(syscall.SIGSTOP)) })
	heir := startChild(t, spec)
	t.Cleanup(func() { quit(t, stopped, heir) })
	r.answers(t, queries...)
	require.NoError(t, stopped.Process.Signal(syscall.SIGCONT))
	last := query("thread 0", "What is a low-E valve?")
	r.ask(t, last)
	for _, cmd := range []*exec.Cmd{stopped, heir} {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.NoError(t, cmd.Wait())
	}
	for i, q := range queries {
		r.once(t, q)
		require.Len(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID), i%2)
	}
}

// quit makes processes say where they stand when a test has failed.
func quit(t *testing.T, cmds ...*exec.Cmd) {
	for _, cmd := range cmds {
		if t.Failed() && cmd.ProcessState == nil {
			_ = cmd.Process.Signal(syscall.SIGCONT)
			_ = cmd.Process.Signal(syscall.SIGQUIT)
			_ = cmd.Wait()
		}
	}
}

// zombie is a store whose process is paused at a commit: it does not renew its leases either.
type zombie struct {
	checkpoint.Store
	left   atomic.Int32
	paused chan struct{}
	wake   chan struct{}
	once   sync.Once
	result chan error
}

func (z *zombie) Commit(ctx context.Context, c checkpoint.Commit) error {
	if z.left.Add(-1) != 0 {
		return z.Store.Commit(ctx, c)
	}
	z.once.Do(func() { close(z.paused) })
	<-z.wake
	err := z.Store.Commit(ctx, c)
	z.result <- err
	return err
}

func (z *zombie) Renew(ctx context.Context, owner string, ttl time.Duration) error {
	select {
	case <-z.paused:
		return errors.New("paused")
	default:
		return z.Store.Renew(ctx, owner, ttl)
	}
}

func TestPausedZombieCannotCommitAStep(t *testing.T) {
	t.Parallel()
	r := setup(t)
	url := postgrestest.URL(t)
	cfg := config(t)
	cfg.DB, cfg.Lease, cfg.Reviews = url, time.Second, "off"
	store, err := checkpoint.OpenPostgres(t.Context(), url)
	require.NoError(t, err)
	z := &zombie{Store: store, paused: make(chan struct{}), wake: make(chan struct{}), result: make(chan error, 1)}
	z.left.Store(3)
	sleeper := r.open(t, cfg, agent.Deps{Store: z})
	streamtest.Start(t, sleeper.Run)
	q := query("thread", quotationAsked)
	deliver(t, sleeper, q)
	<-z.paused

	heir := r.open(t, cfg, agent.Deps{})
	streamtest.Start(t, heir.Run)
	require.Contains(t, r.answers(t, q)[0].GetText(), "EUR 368.00")
	close(z.wake)
	require.ErrorIs(t, <-z.result, checkpoint.ErrLeaseLost)

	next := query("thread", "What leak does API 624 accept?")
	deliver(t, sleeper, next) // it goes on working
	r.answers(t, next)
	r.once(t, q)
	r.once(t, next)
	require.Len(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID), 1)
}
