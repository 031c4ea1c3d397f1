package agent_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// childEnv tells the test binary to be an agent: the broker's address, the store, and the ledger of a bookkeeper if it is to
// be one, separated by commas.
const childEnv = "RAGLINE_TEST_AGENT"

// child is the process that TestKill9 kills.
func child(spec string) error {
	addr, db, _ := strings.Cut(spec, ",")
	db, book, keeps := strings.Cut(db, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b, err := broker.New(broker.Config{Brokers: []string{addr}, ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	pack, err := domain.Load("../../deploy/domain/jdjones")
	if err != nil {
		return err
	}
	cfg, err := env.ParseAsWithOptions[agent.Config](env.Options{Environment: map[string]string{}})
	if err != nil {
		return err
	}
	cfg.DB, cfg.Reviews, cfg.Lease = db, "off", 4*time.Second
	deps := agent.Deps{Broker: b, Pack: pack}
	if keeps {
		deps.Model, deps.Tools = bookkeeper{}, []tool.Tool{ledger(book)}
	}
	a, err := agent.New(cfg, deps)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(ctx) })
	// Every life is given every query again: a group that has committed nothing, and without its waits for dead members.
	g.Go(func() error {
		return b.Follow(ctx, broker.FollowConfig{Topics: agent.Topics()}, func(r event.Record) error {
			e, err := topic.Decode(r)
			if err != nil {
				return err
			}
			if err := a.Handler().Handle(ctx, e, nil); ctx.Err() == nil {
				return err
			}
			return nil // at the end of this life nothing has to be accepted any more
		})
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return a.Close()
}

// startChild starts a process that is an agent.
func startChild(t *testing.T, spec string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+spec)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	return cmd
}

// spans counts the spans that are there.
func (r *rig) spans(t *testing.T) int { return len(streamtest.ReadRecords(t, r.Broker, topic.Spans)) }

func TestKill9AtAnyMomentEveryQueryIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	spec := r.Addr() + "," + config(t).DB
	var queries []event.Event
	for i := range 24 {
		text := quotationAsked
		if i%2 == 0 {
			text = r.pack.Seeds[i%len(r.pack.Seeds)].Question
		}
		queries = append(queries, query(fmt.Sprint("thread ", i%5), text))
	}
	streamtest.Publish(t, r.Broker, queries...)
	start := func() *exec.Cmd { return startChild(t, spec) }
	// Each life ends when it has published a few spans more, which is in the middle of everything.
	for life, more := range []int{1, 7, 18, 31} {
		before := r.spans(t)
		cmd := start()
		require.Eventually(t, func() bool { return r.spans(t) >= before+more }, 2*waitLong, time.Millisecond, "life %d", life)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	cmd := start()
	t.Cleanup(func() {
		if t.Failed() {
			_ = cmd.Process.Signal(syscall.SIGQUIT)
			_ = cmd.Wait()
		}
	})
	r.answers(t, queries...)
	last := query("thread last", "What is a low-E valve?")
	r.ask(t, last)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait())
	for i, q := range queries {
		r.once(t, q)
		require.Len(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID), i%2)
	}
}
