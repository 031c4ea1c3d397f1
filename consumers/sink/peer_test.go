package sink

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// peerEnv names the OpenTelemetry Collector that `make bench-sink` builds.
const peerEnv = "RAGLINE_BENCH_OTELCOL"

var benchSpans = flag.Int("bench-spans", 200_000, "spans of the comparison with the collector")

// rig is one broker and one engine for both.
type rig struct {
	k      *kafka
	b      bundle
	engine *clickhouse.Engine
	n      int
}

// usage is what a process used until it had stored everything.
type usage struct {
	name                string
	cpu, engine, wall   time.Duration
	peak                int
	rows, distinct      int
	afterKill, lostThen int
}

func TestSinkBesideTheCollector(t *testing.T) {
	if os.Getenv(peerEnv) == "" {
		t.Skip("compares with an OpenTelemetry Collector; run it by `make bench-sink`")
	}
	engine := enginetest.StartEngine(t, func(cfg *clickhouse.Config) { cfg.MaxMemory = 4 << 30 })
	r := &rig{k: newKafka(t), b: setupAt(t, engine.DSN()), engine: engine, n: *benchSpans}
	spans := spanLog(t, r.n, 200, 100).records
	for i := range spans {
		spans[i].Timestamp = time.Time{}
	}
	streamtest.PublishRecords(t, r.k.Broker, spans...)
	for _, per := range []int{1, 50} {
		name := fmt.Sprintf("otlp%d", per)
		require.NoError(t, r.k.EnsureTopics(t.Context(), streamtest.Topic(name, 8)))
		streamtest.PublishRecords(t, r.k.Broker, otlpRecords(t, name, spans, per)...)
	}
	all := []usage{r.sink(t), r.collector(t, 1), r.collector(t, 50)}
	t.Logf("%d spans of %d bytes; CPU in microseconds for each span", r.n, len(spans[0].Value))
	for _, u := range all {
		each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(r.n) }
		t.Logf("%-28s %6.2f us  (%.0f spans/s/core)  engine %6.2f us  wall %5.1f s  peak %4d MiB  rows %d distinct %d", u.name,
			each(u.cpu), 1e6/each(u.cpu), each(u.engine), u.wall.Seconds(), u.peak, u.rows, u.distinct)
	}
	t.Logf("killed once with -9: sink lost %d, doubled %d", r.n-all[0].lostThen, all[0].afterKill-all[0].lostThen)
	for _, u := range all[1:] {
		t.Logf("killed once with -9: %s lost %d, doubled %d", u.name, r.n-u.lostThen, u.afterKill-u.lostThen)
	}
	t.Logf("the collector's CPU over the sink's: %.1f at one span a record, %.1f at 50", float64(all[1].cpu)/float64(all[0].cpu), float64(all[2].cpu)/float64(all[0].cpu))
}

func (r *rig) sink(t *testing.T) usage {
	t.Helper()
	start := func() *process {
		return startProcess(t, os.Args[:1], childEnv+"=none 1 KILL", childKafka+"="+r.k.Addrs()[0], childDatabase+"="+r.b.address)
	}
	const count = "SELECT [count(), uniqExact(_partition, _offset)] FROM spans"
	u := r.measure(t, "ragline sink", start, count)
	proof := r.b.verify(t, r.k.fake)
	require.True(t, proof.OK(), "%+v", proof.wrong())
	r.b.run(t, "TRUNCATE TABLE spans")
	r.b.run(t, "TRUNCATE TABLE spans_full")
	_, err := r.k.adm.DeleteGroup(t.Context(), group)
	require.NoError(t, err)
	u.afterKill, u.lostThen = r.crash(t, start, group, count)
	return u
}

func (r *rig) collector(t *testing.T, per int) usage {
	t.Helper()
	dsn, err := url.Parse(r.b.address)
	require.NoError(t, err)
	password, _ := dsn.User.Password()
	start := func(database string) func() *process {
		return func() *process {
			return startProcess(t, []string{os.Getenv(peerEnv), "--config", "bench/otelcol/config.yaml"},
				"BENCH_KAFKA="+r.k.Addrs()[0], "BENCH_TOPIC=otlp"+strconv.Itoa(per), "BENCH_CLICKHOUSE=http://"+dsn.Host,
				"BENCH_PASSWORD="+password, "BENCH_DATABASE="+database)
		}
	}
	count := func(database string) string {
		return "SELECT [count(), uniqExact(SpanId)] FROM " + database + ".otel_traces"
	}
	first, second := fmt.Sprintf("peer%d", per), fmt.Sprintf("killed%d", per)
	u := r.measure(t, fmt.Sprintf("otelcol, %d spans a record", per), start(first), count(first))
	_, err = r.k.adm.DeleteGroup(t.Context(), "otelcol")
	require.NoError(t, err)
	u.afterKill, u.lostThen = r.crash(t, start(second), "otelcol", count(second))
	_, err = r.k.adm.DeleteGroup(t.Context(), "otelcol")
	require.NoError(t, err)
	return u
}

// measure runs a process until everything is stored and it has had time to commit.
func (r *rig) measure(t *testing.T, name string, start func() *process, count string) usage {
	t.Helper()
	engineBefore, began := cpuOf(t, r.engine.PID()), time.Now()
	p := start()
	rows, distinct, err := 0, 0, error(nil)
	for ; rows < r.n; rows, distinct, err = r.counts(t, count) {
		require.True(t, p.running(), "%s", p.output)
		require.Less(t, time.Since(began), 5*time.Minute, "%v %s", err, p.output)
	}
	u := usage{name: name, wall: time.Since(began), rows: rows, distinct: distinct}
	r.quiet(t, count, 2*time.Second)
	u.cpu, u.engine, u.peak = cpuOf(t, p.Process.Pid), cpuOf(t, r.engine.PID())-engineBefore, peakOf(t, p.Process.Pid)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	<-p.done
	return u
}

// crash kills a process once a fifth is stored, starts it again, and counts once nothing comes any more.
func (r *rig) crash(t *testing.T, start func() *process, name, count string) (rows, distinct int) {
	t.Helper()
	p := start()
	began := time.Now()
	for rows < r.n/5 {
		require.Less(t, time.Since(began), 5*time.Minute, "%s", p.output)
		rows, _, _ = r.counts(t, count)
	}
	p.kill()
	r.k.evictFrom(t, name)
	p = start()
	rows, distinct = r.quiet(t, count, 20*time.Second) // longer than a session of the group
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	<-p.done
	r.k.evictFrom(t, name)
	return rows, distinct
}

// quiet waits until the count has not changed for as long as patience.
func (r *rig) quiet(t *testing.T, count string, patience time.Duration) (rows, distinct int) {
	t.Helper()
	for since := time.Now(); time.Since(since) < patience; {
		now, d, _ := r.counts(t, count)
		if now != rows || d != distinct {
			rows, distinct, since = now, d, time.Now()
		}
	}
	return rows, distinct
}

func (r *rig) counts(t *testing.T, count string) (rows, distinct int, err error) {
	t.Helper()
	require.NoError(t, broker.Pause(t.Context(), 50*time.Millisecond)) // counting must not cost what it measures
	result, err := r.b.warehouse.Table(t.Context(), count)
	if err != nil {
		return 0, 0, err // the collector has not made its table yet
	}
	_, err = fmt.Sscanf(fmt.Sprint(result.Rows[0][0]), "[%d %d]", &rows, &distinct)
	return rows, distinct, err
}

// cpuOf is the user and system time of a process.
func cpuOf(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// peakOf is the largest resident set of a process, in MiB.
func peakOf(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return kib / 1024
}

// otlpRecords are the same spans as OTLP, several to a record.
func otlpRecords(t testing.TB, name string, spans []event.Record, per int) []event.Record {
	t.Helper()
	var records []event.Record
	var batch []*otlp.Span
	for i, r := range spans {
		r.Topic = topic.Spans
		e, err := topic.Decode(r)
		require.NoError(t, err)
		batch = append(batch, otlpSpan(e.Data.(*event.SpanEnded), e.Tenant))
		if len(batch) < per && i+1 < len(spans) {
			continue
		}
		value, err := proto.Marshal(&otlp.TracesData{ResourceSpans: []*otlp.ResourceSpans{{
			Resource:   &resource.Resource{Attributes: []*common.KeyValue{textOf("service.name", "bench")}},
			ScopeSpans: []*otlp.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "bench"}, Spans: batch}},
		}}})
		require.NoError(t, err)
		records = append(records, event.Record{Topic: name, Key: r.Key, Value: value})
		batch = nil
	}
	return records
}

func otlpSpan(m *event.SpanEnded, tenant string) *otlp.Span {
	s := &otlp.Span{
		TraceId: unhex(m.GetTraceId()), SpanId: unhex(m.GetSpanId()), Name: m.GetName(), Kind: otlp.Span_SPAN_KIND_CLIENT,
		StartTimeUnixNano: uint64(m.GetStartTime().AsTime().UnixNano()), EndTimeUnixNano: uint64(m.GetEndTime().AsTime().UnixNano()),
		Status: &otlp.Status{Code: otlp.Status_STATUS_CODE_OK},
		Attributes: []*common.KeyValue{
			textOf("gen_ai.operation.name", m.GetOperation()), textOf("gen_ai.provider.name", m.GetProvider()),
			textOf("gen_ai.response.model", m.GetModel()), textOf("gen_ai.input.messages", m.GetInput()),
			textOf("gen_ai.output.messages", m.GetOutput()), textOf("session.id", m.GetOrigin().GetSessionId()),
			textOf("user.id", m.GetOrigin().GetUserId()), textOf("gen_ai.conversation.id", m.GetThreadId()), textOf("tenant", tenant),
			intOf("gen_ai.usage.input_tokens", m.GetUsage().GetInputTokens()), intOf("gen_ai.usage.output_tokens", m.GetUsage().GetOutputTokens()),
		},
	}
	for key, v := range m.GetAttributes() {
		s.Attributes = append(s.Attributes, intOf(key, v.GetIntValue()))
	}
	return s
}

func textOf(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func intOf(key string, value int64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}}
}

func unhex(s string) []byte {
	b := make([]byte, len(s)/2)
	_, _ = fmt.Sscanf(s, "%x", &b)
	return b
}
