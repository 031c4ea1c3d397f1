package stream

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
)

func TestPlanOfACommit(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]int64{
		announce(20):            20,
		"v1;to=20;later=field":  20,
		"v1":                    10,
		"v1;to=10":              10, // empty
		"v1;to=9":               10,
		"v1;to=x":               10,
		"":                      10,
		"kgo-member-id;to=20":   10, // another client's
		"v2;to=20":              10,
		"v1;to=" + huge():       10,
		announce(math.MaxInt64): math.MaxInt64,
	} {
		require.Equal(t, want, announced(10, metadata), "metadata %q", metadata)
	}
}

func huge() string { return strings.Repeat("9", 40) }

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	t.Parallel()
	for attempts := 1; attempts < 100; attempts++ {
		d := backoff(100*time.Millisecond, 30*time.Second, attempts)
		full := min(100*time.Millisecond<<min(attempts-1, 20), 30*time.Second)
		require.GreaterOrEqual(t, d, full/2)
		require.LessOrEqual(t, d, full)
	}
}

func TestMessageOfADeadLetterCarriesNoPayload(t *testing.T) {
	t.Parallel()
	payload := []byte(`{"text":"my card is 4111 1111 1111 1111 and more"}`)
	for name, err := range map[string]error{
		"parser":  &event.DecodeError{Reason: event.ReasonInvalidJSON, Err: errors.New(`unexpected token "4111 1111"`)},
		"handler": errors.New(`model refused "my card is 4111 1111 1111 1111 and more": 400`),
	} {
		require.NotContains(t, describe(err, payload), "4111", name)
	}
	require.Equal(t, "model refused <[payload]>: 400", describe(errors.New("model refused <my card is 4111 1111 1111 1111 and more>: 400"), payload))
	require.Equal(t, "dialing 127.0.0.1:80: refused", describe(errors.New("dialing 127.0.0.1:80: refused"), payload))
}

func TestMessageOfADeadLetterIsShortAndValidUTF8(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("é", 2000), strings.Repeat("a\xff", 2000), "", "x" + strings.Repeat("€", 400)} {
		message := describe(errors.New(text), nil)
		require.LessOrEqual(t, len(message), maxMessage)
		require.True(t, utf8.ValidString(message))
	}
}

func TestDeadLetterRestoresItsOriginal(t *testing.T) {
	t.Parallel()
	original := event.Record{
		Topic: "ragline.queries", Partition: 3, Offset: 42, Key: []byte{}, Value: []byte("v\x00"),
		Headers:   []event.Header{{Key: HeaderOrigTopic, Value: []byte("an older life")}, {Key: "empty"}},
		Timestamp: time.UnixMilli(1700000000123).UTC(),
	}
	d := DeadLetter{Reason: ReasonDropped, Message: "no", Attempts: 2, FirstFailed: time.Unix(1, 5).UTC(), CodeVersion: "v", Consumer: "agent", original: original}
	r := d.record()
	r.Partition, r.Offset = 0, 7
	parsed, ok := ParseDeadLetter(r)
	require.True(t, ok)
	require.Equal(t, original, parsed.Original())
	require.Equal(t, event.Position{Topic: "ragline.dlq.agent", Offset: 7}, parsed.Position)
	require.Equal(t, []any{d.Reason, d.Message, d.Attempts, d.FirstFailed, "v", "agent"},
		[]any{parsed.Reason, parsed.Message, parsed.Attempts, parsed.FirstFailed, parsed.CodeVersion, parsed.Consumer})

	_, ok = ParseDeadLetter(event.Record{Value: []byte("something else")})
	require.False(t, ok)
}

func TestConfigNamesTheVariableTheValueAndTheBounds(t *testing.T) {
	t.Parallel()
	good, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*Config){
		"RAGLINE_STREAM_SLOTS=0: allowed are 1 to 10000":                 func(c *Config) { c.Slots = 0 },
		"RAGLINE_STREAM_RETRY_MAX=1ms: allowed are 100ms to 1h0m0s":      func(c *Config) { c.RetryMax = time.Millisecond },
		"RAGLINE_BATCH_MAX_RECORDS=-1: allowed are 1 to 1000000":         func(c *Config) { c.BatchMaxRecords = -1 },
		"RAGLINE_STREAM_TRACE_SAMPLE=1.5: allowed are 0 to 1":            func(c *Config) { c.TraceSample = 1.5 },
		"RAGLINE_STREAM_TRACE_SAMPLE=NaN: allowed are 0 to 1":            func(c *Config) { c.TraceSample = math.NaN() },
		"RAGLINE_STREAM_SHUTDOWN_TIMEOUT=1m0s: allowed are 100ms to 50s": func(c *Config) { c.ShutdownTimeout = time.Minute },
	} {
		bad := good
		change(&bad)
		require.EqualError(t, bad.Validate(), want)
	}
}

func TestConsumersShareARegisterer(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	for _, group := range []string{"agent", "sink"} {
		m, err := newMetrics(group, reg)
		require.NoError(t, err)
		m.attempts.WithLabelValues(group, "t").Inc()
		m.lag("t", 0, 1, 1)
	}
	n, err := testutil.GatherAndCount(reg, "ragline_stream_attempts_total")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestBatchNeverWaitsLong(t *testing.T) {
	t.Parallel()
	cfg := Config{RetryMin: 100 * time.Millisecond, RetryMax: 30 * time.Second}
	for attempt := range 100 {
		require.LessOrEqual(t, cfg.batchBackoff(attempt+1), 5*time.Second)
	}
	cfg.RetryMax = time.Second
	require.LessOrEqual(t, cfg.batchBackoff(100), time.Second)
	cfg.RetryMin, cfg.RetryMax = 10*time.Second, 30*time.Second
	require.GreaterOrEqual(t, cfg.batchBackoff(100), 5*time.Second, "who asks for longer waits gets them")
}

func TestWatermarkPassesOnlyWhatIsDone(t *testing.T) {
	t.Parallel()
	p := newPartition(&claim{})
	require.EqualValues(t, -1, p.watermark())
	var tasks []*task
	for _, offset := range []int64{5, 6, 9} { // 7 and 8 are gone
		task := &task{part: p, record: event.Record{Offset: offset}}
		p.pending = append(p.pending, task)
		p.next = offset + 1
		tasks = append(tasks, task)
	}
	require.EqualValues(t, 5, p.watermark())
	p.finish(tasks[1])
	require.EqualValues(t, 5, p.watermark())
	p.finish(tasks[0])
	require.EqualValues(t, 9, p.watermark())
	p.finish(tasks[2])
	require.EqualValues(t, 10, p.watermark())
}

func TestRecordThatIsDoneBehindASlowOneHoldsNoMemory(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newTestConsumer(t)
	p := newPartition(&claim{topic: "t"})
	c.parts[p.claim] = p
	for offset := range int64(2) {
		r := event.Record{
			Topic: "t", Offset: offset, Timestamp: now, Key: []byte("key"), Value: []byte("value"),
			Headers: []event.Header{{Key: "k", Value: []byte("v")}},
		}
		task := &task{part: p, record: r, size: sizeOf(r), event: event.Event{Key: "key" + strconv.Itoa(int(offset)), Data: &event.QueryAsked{Text: "value"}}}
		c.hold(task)
		p.enqueue(task)
		p.running++
	}
	slow, done := p.pending[0], p.pending[1]
	c.complete(done, outcomeDone)
	require.Equal(t, slow.size, c.bytes)
	require.Equal(t, event.Record{Topic: "t", Offset: 1, Timestamp: now}, done.record)
	require.Zero(t, done.event)
	require.Nil(t, done.lane)
	require.EqualValues(t, 0, p.watermark())
}

// newTestConsumer returns a consumer without a broker.
func newTestConsumer(t *testing.T) *Consumer {
	t.Helper()
	metrics, err := newMetrics("agent", prometheus.NewRegistry())
	require.NoError(t, err)
	budget := NewBudget(1 << 20)
	c := &Consumer{member: &member{cfg: Config{MaxGap: 1000}, group: "agent", metrics: metrics, account: budget.open()}, parts: map[*claim]*partition{}}
	t.Cleanup(c.account.close)
	return c
}

func TestAFewRecordsDoNotHoldTheMemoryOfMany(t *testing.T) {
	t.Parallel()
	var r recycler
	for range 10 { // under the race detector a pool loses some
		r.PutRecords(make([]kgo.Record, 10_000))
	}
	for range 10 {
		require.Less(t, cap(r.GetRecords(1)), 1000, "a partition that waits would hold megabytes for each record")
	}
	for range 10 {
		require.GreaterOrEqual(t, cap(r.GetRecords(9_000)), 9_000)
	}
}
