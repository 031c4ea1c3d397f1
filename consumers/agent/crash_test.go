package agent_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

var errKilled = errors.New("killed")

// mortal is a store whose process dies at its n-th change, before or after the change is on disk.
// Nothing is stored or read once it is dead.
type mortal struct {
	checkpoint.Store
	after bool

	mu   sync.Mutex
	left int
	dead chan struct{}
}

func newMortal(t *testing.T, path string, n int, after bool) *mortal {
	t.Helper()
	s, err := checkpoint.OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	return &mortal{Store: s, left: n, after: after, dead: make(chan struct{})}
}

func (s *mortal) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.die()
}

func (s *mortal) die() {
	select {
	case <-s.dead:
	default:
		close(s.dead)
	}
}

// change makes one change, or dies instead of it or right after it.
func (s *mortal) change(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isDead() {
		return errKilled
	}
	s.left--
	if s.left != 0 {
		return do()
	}
	defer s.die()
	if s.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errKilled
}

func (s *mortal) isDead() bool {
	select {
	case <-s.dead:
		return true
	default:
		return false
	}
}

func (s *mortal) Accept(ctx context.Context, acceptance checkpoint.Acceptance) (ok bool, err error) {
	err = s.change(func() error { ok, err = s.Store.Accept(ctx, acceptance); return err })
	return ok, err
}

func (s *mortal) Commit(ctx context.Context, c checkpoint.Commit) error {
	return s.change(func() error { return s.Store.Commit(ctx, c) })
}

func (s *mortal) Confirm(ctx context.Context, seqs []int64, at []checkpoint.Position) error {
	return s.change(func() error { return s.Store.Confirm(ctx, seqs, at) })
}

func (s *mortal) Decide(ctx context.Context, d checkpoint.Decision) (out checkpoint.Decided, err error) {
	err = s.change(func() error { out, err = s.Store.Decide(ctx, d); return err })
	return out, err
}

// once checks that everything of a query was published once.
func (r *rig) once(t *testing.T, q event.Event) {
	t.Helper()
	require.Len(t, of[*event.AnswerGiven](t, r, topic.Answers, q.ID), 1)
	require.Len(t, of[*event.InteractionCaptured](t, r, topic.Interactions, q.ID), 1)
	ids := map[string]int{}
	root := 0
	for _, s := range of[*event.SpanEnded](t, r, topic.Spans, q.ID) {
		ids[s.GetSpanId()]++
		require.Equal(t, 1, ids[s.GetSpanId()], s.GetName())
		if s.GetParentSpanId() == "" {
			root++
		}
	}
	require.Equal(t, 1, root)
}

// live runs an agent until its process has died.
func (r *rig) live(t *testing.T, cfg agent.Config, store *mortal, wrap func(agent.PublishFunc) agent.PublishFunc, events ...event.Event) {
	t.Helper()
	a := r.open(t, cfg, agent.Deps{Store: store})
	if wrap != nil {
		agent.WrapPublisher(a, wrap)
	}
	stop := streamtest.Start(t, a.Run)
	alive, end := context.WithCancel(t.Context())
	go func() {
		defer end()
		<-store.dead
	}()
	for _, e := range events {
		_ = a.Handler().Handle(alive, e, nil) // what a dead process has not stored is delivered again
	}
	select {
	case <-store.dead:
	case <-time.After(time.Minute):
		require.Fail(t, "the process that was to die lives on")
	}
	require.NoError(t, stop())
	require.NoError(t, a.Close())
}

func TestKilledAtAnyChangeOfTheStoreEveryQueryIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	// A run of a quotation without review: 1 acceptance, 6 super-steps, and the confirmations of the outbox in between.
	for n := 1; n <= 9; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("change %d, on disk %v", n, after), func(t *testing.T) {
				t.Parallel()
				cfg := config(t)
				cfg.Reviews = "off"
				q, next := query(t.Name(), quotationAsked), query(t.Name(), "What leak does API 624 accept?")
				r.live(t, cfg, newMortal(t, cfg.DB, n, after), nil, q, next)

				a := r.open(t, cfg, agent.Deps{})
				streamtest.Start(t, a.Run)
				deliver(t, a, q, next)
				require.Contains(t, r.answers(t, q, next)[0].GetText(), "EUR 368.00")
				require.Len(t, of[*event.QuotationGenerated](t, r, topic.Quotations, q.ID), 1)
				r.once(t, q)
				r.once(t, next)
			})
		}
	}
}

func TestKilledAfterTheAckNothingIsPublishedTwice(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprintf("publish %d", n), func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			q := query(t.Name(), "What leak does API 624 accept?")
			store := newMortal(t, cfg.DB, -1, false)
			published := 0
			r.live(t, cfg, store, func(next agent.PublishFunc) agent.PublishFunc {
				return func(ctx context.Context, records ...event.Record) ([]event.Position, error) {
					at, err := next(ctx, records...)
					if published++; published == n || holds(records, topic.Answers) { // how the outbox is cut depends on timing, the answer comes last
						store.kill()
						return nil, errKilled
					}
					return at, err
				}
			}, q)

			a := r.open(t, cfg, agent.Deps{})
			streamtest.Start(t, a.Run)
			r.answers(t, q)
			// What follows in the outbox comes after whatever a repeat would have published.
			last := query(t.Name(), "What is a low-E valve?")
			deliver(t, a, q, last)
			r.answers(t, last)
			r.once(t, q)
		})
	}
}

func holds(records []event.Record, name string) bool {
	return slices.ContainsFunc(records, func(r event.Record) bool { return r.Topic == name })
}

// forgetful makes a fake forget its producers, as a broker does that was killed.
func forgetful(fake *kfake.Cluster) {
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		for _, tp := range req.(*kmsg.ProduceRequest).Topics {
			for _, p := range tp.Partitions {
				const crc, attributes, producer = 17, 21, 43 // offsets into a record batch
				for i := range 14 {
					p.Records[producer+i] = 0xff // id, epoch and first sequence -1: none
				}
				sum := crc32.Checksum(p.Records[attributes:], crc32.MakeTable(crc32.Castagnoli))
				binary.BigEndian.PutUint32(p.Records[crc:], sum)
			}
		}
		return nil, nil, false
	})
}

func TestBrokerThatForgetsItsProducersPublishesNothingTwice(t *testing.T) {
	t.Parallel()
	r := setup(t)
	// A broker that was killed recognises no repeated batch. This one writes, and then says that it does not know.
	forgetful(r.Fake)
	for _, name := range []string{topic.Answers, topic.Spans, topic.Interactions} {
		r.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: name, Err: kerr.RequestTimedOut, Count: 2})
	}
	a := r.open(t, config(t), agent.Deps{})
	streamtest.Start(t, a.Run)
	queries := []event.Event{query("thread", "What leak does API 624 accept?"), query("thread", "What is a low-E valve?")}
	deliver(t, a, queries...)
	r.answers(t, queries...)
	last := query("thread", "How many mechanical cycles does API 622 run?")
	deliver(t, a, last)
	r.answers(t, last)
	for _, q := range queries {
		r.once(t, q)
	}
}

func TestToolThatIsNotIdempotentAsksAPersonAfterACrash(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	store := newMortal(t, cfg.DB, -1, false)
	calls := 0
	once := tool.Tool{
		Tool: llm.Tool{Name: "launch", Description: "Launches.", InputSchema: json.RawMessage(`{}`)},
		Call: func(context.Context, tool.Invocation) (tool.Result, error) {
			if calls++; calls == 1 {
				store.kill()
			}
			return tool.Result{Text: "launched"}, nil
		},
	}
	q := query("thread", "Launch it.")
	first := r.open(t, cfg, agent.Deps{Store: store, Tools: []tool.Tool{once}, Model: launcher{}})
	stop := streamtest.Start(t, first.Run)
	deliver(t, first, q)
	<-store.dead
	require.NoError(t, stop())
	require.NoError(t, first.Close())

	second := r.open(t, cfg, agent.Deps{Tools: []tool.Tool{once}, Model: launcher{}})
	streamtest.Start(t, second.Run)
	review := r.requested(t, q)
	require.Contains(t, review.GetDescription(), "may have been done")
	require.Equal(t, 1, calls)
	deliver(t, second, decision(review, event.Decision_DECISION_APPROVE, "", ""))
	require.Equal(t, "launched", r.answers(t, q)[0].GetText())
	require.Equal(t, 2, calls)
}

// launcher is a model that calls launch and repeats what it says.
type launcher struct{}

func (launcher) Name() string { return "launcher" }

func (launcher) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	if last := r.Messages[len(r.Messages)-1]; last.Role == llm.RoleTool {
		return llm.Response{Text: last.Text}, nil
	}
	return llm.Response{Calls: []llm.Call{{Tool: "launch", Arguments: json.RawMessage(`{}`)}}}, nil
}

func TestRunWhoseAnswerCannotBePublishedFailsInsteadOfTryingForEver(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for _, text := range []string{"\xff", strings.Repeat("long ", 300_000)} {
		a := r.open(t, config(t), agent.Deps{Model: babbler(text)})
		streamtest.Start(t, a.Run)
		q, next := query("thread", "?!"), query("thread", "?!?")
		deliver(t, a, q, next)
		for _, got := range r.answers(t, q, next) {
			require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, got.GetState())
			require.NotEmpty(t, got.GetError())
		}
	}
}

// babbler is a model that always gives the same answer, and calls itself by it when that is no text.
type babbler string

func (babbler) Name() string { return "babbler" }

func (b babbler) Generate(context.Context, llm.Request, func(string)) (llm.Response, error) {
	out := llm.Response{Text: string(b)}
	if !utf8.ValidString(out.Text) {
		out.Model = out.Text
	}
	return out, nil
}
