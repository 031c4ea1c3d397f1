package sink

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/producers/broker"
)

// recording is a store that notes tokens and questions, and does what a test asks for beside.
type recording struct {
	store
	tokens  []string
	asked   int
	after   func(table, token string) error
	swallow bool
	hide    bool
}

func (r *recording) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	r.tokens = append(r.tokens, token)
	if r.swallow {
		return nil
	}
	if err := r.store.Insert(ctx, table, token, columns); err != nil || r.after == nil {
		return err
	}
	return r.after(table, token)
}

func (r *recording) StoredEvents(ctx context.Context, tables []string, topic string, partition int32, from, to int64) (map[int64]warehouse.Stored, error) {
	r.asked++
	if r.hide {
		return nil, nil
	}
	return r.store.StoredEvents(ctx, tables, topic, partition, from, to)
}

func (r *recording) again() []string {
	var tokens []string
	for _, token := range r.tokens {
		if strings.Contains(token, "/again-") {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// recorded returns a sink that does not wait, on a store that records.
func (b bundle) recorded(t *testing.T, r *recording) *Sink {
	t.Helper()
	r.store = b.warehouse
	s := newSink(config(t), r, b.logger, time.Now)
	s.pause = func(context.Context, time.Duration) error { return nil }
	return s
}

// killHalfway leaves the engine as a kill does that hits it between writing down the token and naming the part: the
// token is known and the part is gone.
func (b bundle) killHalfway(t *testing.T, engine *clickhouse.Engine, table string) {
	t.Helper()
	result, err := b.warehouse.Table(t.Context(), "SELECT path FROM system.parts WHERE active AND database = currentDatabase() AND table = '"+table+"'")
	require.NoError(t, err)
	require.NotEmpty(t, result.Rows)
	for _, row := range result.Rows {
		require.NoError(t, os.RemoveAll(row[0].(string)))
	}
	process, err := os.FindProcess(engine.PID())
	require.NoError(t, err)
	before := engine.Restarts()
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return engine.Restarts() > before }, waitLong, 5*time.Millisecond)
	require.NoError(t, engine.Wait(t.Context()))
}

func TestRowsWhoseTokenOutlivedThemAreStoredAgain(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartEngine(t, nil)
	b := setupAt(t, engine.DSN())
	l := mixed(t, 70)
	crash := &recording{after: func(table, _ string) error {
		b.killHalfway(t, engine, table)
		return errLost
	}}
	require.ErrorIs(t, b.recorded(t, crash).HandleBatch(t.Context(), l.all()), errLost)
	require.Equal(t, "0", b.one(t, "SELECT count() FROM records"))

	next := &recording{}
	require.NoError(t, b.recorded(t, next).HandleBatch(t.Context(), l.batch(0, 70, true)))
	b.requireOnce(t, l)
	require.Equal(t, []string{"ragline/ragline.reviews/0/0-70/review_requests/again-1"}, next.again())
}

func TestRepairThatIsKilledAsWellIsRepaired(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartEngine(t, nil)
	b := setupAt(t, engine.DSN())
	l := mixed(t, 3) // one table
	killed := ""
	crash := &recording{after: func(table, token string) error {
		if token == killed { // ignored, as it is taken
			return nil
		}
		killed = token
		b.killHalfway(t, engine, table)
		return errLost
	}}
	s := b.recorded(t, crash)
	require.ErrorIs(t, s.HandleBatch(t.Context(), l.all()), errLost)
	require.ErrorIs(t, s.HandleBatch(t.Context(), l.all()), errLost)
	require.Equal(t, "0", b.one(t, "SELECT count() FROM records"))
	crash.after = nil
	require.NoError(t, s.HandleBatch(t.Context(), l.all()))
	b.requireOnce(t, l)
	require.Equal(t, "ragline/ragline.reviews/0/0-3/review_requests/again-2", crash.tokens[len(crash.tokens)-1])
}

// DELETE leaves the tokens, as a power cut may. The rewound group reads with the boundaries that it had before.
func TestRewoundGroupStoresWhatIsGoneBehindItsToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 60)
	read := func(s *Sink) {
		for from := 0; from < 60; from += 20 {
			require.NoError(t, s.HandleBatch(t.Context(), l.batch(from, from+20, false)))
		}
	}
	read(b.recorded(t, &recording{}))
	_, err := b.warehouse.Table(t.Context(), "ALTER TABLE review_requests DELETE WHERE _offset BETWEEN 20 AND 39 SETTINGS mutations_sync = 2")
	require.NoError(t, err)
	r := &recording{}
	read(b.recorded(t, r))
	b.requireOnce(t, l)
	require.Equal(t, []string{"ragline/ragline.reviews/0/20-40/review_requests/again-1"}, r.again())
}

// As by a process that was frozen while a server of its own went on.
func TestInsertThatIsStillRunningIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 70)
	r := &recording{hide: true}
	s := b.recorded(t, r)
	var waited time.Duration
	s.pause = func(_ context.Context, d time.Duration) error {
		waited += d
		r.hide = false // the rows turn up
		return nil
	}
	require.NoError(t, s.HandleBatch(t.Context(), l.batch(0, 70, true)))
	require.Equal(t, time.Second, waited)
	require.Empty(t, r.again())
	b.requireOnce(t, l)
}

func TestRowsThatNeverTurnUpAreAnError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 3)
	r := &recording{swallow: true}
	s := b.recorded(t, r)
	require.ErrorIs(t, s.HandleBatch(t.Context(), l.all()), ErrNotKept)
	require.Len(t, r.again(), maxRepairs)
	r.swallow = false
	require.NoError(t, s.HandleBatch(t.Context(), l.all()))
	b.requireOnce(t, l)
}

func TestWaitForARepairEndsWithTheTask(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, broker.Pause(ctx, time.Hour), context.Canceled)
}

func TestBatchThatContinuesIsNotCompared(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 70)
	r := &recording{}
	s := b.recorded(t, r)
	require.NoError(t, s.HandleBatch(t.Context(), l.batch(0, 20, false)))
	require.Equal(t, 1, r.asked, "the first batch of a process may be a repeat")
	require.NoError(t, s.HandleBatch(t.Context(), l.batch(20, 50, false)))
	require.NoError(t, s.HandleBatch(t.Context(), l.batch(50, 70, false)))
	require.Equal(t, 1, r.asked)
	b.requireOnce(t, l)
}
