package sink

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

const (
	// benchRate is about half of what two cores take, most of which is ClickHouse.
	benchRate  = 15_000
	benchEvery = 100 * time.Millisecond
	benchTicks = 200
)

// One sink that runs: what 10 times the events cost, how long an event takes until it can be queried, and what
// is held while ClickHouse refuses everything.
func TestSinkUnderLoad(t *testing.T) {
	if os.Getenv(peerEnv) == "" {
		t.Skip("measures for minutes; run it by `make bench-sink`")
	}
	engine := enginetest.StartEngine(t, func(cfg *clickhouse.Config) { cfg.MaxMemory = 4 << 30 })
	r := &rig{k: newKafka(t), b: setupAt(t, engine.DSN()), engine: engine, n: *benchSpans}
	chunk := benchRate * int(benchEvery) / int(time.Second)
	paced := chunk * benchTicks
	spans := spanLog(t, paced+r.n/10+r.n, 200, 100).records
	for i := range spans {
		spans[i].Timestamp = time.Time{}
	}
	p := r.startSink(t, r.b.address)
	r.latency(t, spans[:paced], chunk)

	next := paced
	burst := func(n int) float64 {
		before := cpuOf(t, p.Process.Pid)
		streamtest.PublishRecords(t, r.k.Broker, spans[next:next+n]...)
		next += n
		r.awaitSpans(t, p, next)
		spent := cpuOf(t, p.Process.Pid) - before
		t.Logf("%8d events: %6.2f us CPU for each, peak RSS so far %d MiB, %s", n, float64(spent.Microseconds())/float64(n), peakOf(t, p.Process.Pid), loadAverage(t))
		return spent.Seconds()
	}
	one := burst(r.n / 10)
	t.Logf("10 times the events cost %.1f times the CPU", burst(r.n)/one)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	<-p.done
	r.away(t)
}

func (r *rig) startSink(t *testing.T, address string) *process {
	t.Helper()
	return startProcess(t, os.Args[:1], childEnv+"=none 1 KILL", childKafka+"="+r.k.Addrs()[0], childDatabase+"="+address)
}

// latency publishes chunks at a fixed rate. An event counts as queryable when all of its chunk are.
func (r *rig) latency(t *testing.T, spans []event.Record, chunk int) {
	t.Helper()
	chunks := len(spans) / chunk
	due := make([]time.Time, chunks)
	began := time.Now()
	for i := range due {
		due[i] = began.Add(time.Duration(i) * benchEvery)
	}
	pub, err := r.k.Publisher()
	require.NoError(t, err)
	defer pub.Close()
	published := make(chan error, 1)
	go func() {
		for i := range chunks {
			if err := broker.Pause(t.Context(), time.Until(due[i])); err != nil {
				published <- err
				return
			}
			if _, err := pub.PublishRecords(t.Context(), spans[i*chunk:(i+1)*chunk]...); err != nil {
				published <- err
				return
			}
		}
		published <- nil
	}()
	waited := make([]time.Duration, 0, chunks)
	seen := make([]bool, chunks)
	for len(waited) < chunks {
		require.NoError(t, broker.Pause(t.Context(), 100*time.Millisecond)) // counting must not cost what it measures
		require.Less(t, time.Since(began), 5*time.Minute)
		result, err := r.b.warehouse.Table(t.Context(), fmt.Sprintf(
			"SELECT intDiv(toUnixTimestamp64Micro(time) - toUnixTimestamp64Micro(toDateTime64('2026-11-24 12:00:00', 6, 'UTC')), %d) AS k FROM spans GROUP BY k HAVING count() = %d", chunk, chunk))
		require.NoError(t, err)
		for _, row := range result.Rows {
			var k int
			_, err := fmt.Sscan(fmt.Sprint(row[0]), &k)
			require.NoError(t, err)
			if !seen[k] {
				seen[k] = true
				waited = append(waited, time.Since(due[k]))
			}
		}
	}
	require.NoError(t, <-published)
	slices.Sort(waited)
	t.Logf("event to queryable at %d events/s: p50 %d ms, p99 %d ms, %s", benchRate, waited[chunks/2].Milliseconds(), waited[chunks*99/100].Milliseconds(), loadAverage(t))
}

func (r *rig) awaitSpans(t *testing.T, p *process, n int) {
	t.Helper()
	began := time.Now()
	for rows := 0; rows < n; rows, _, _ = r.counts(t, "SELECT [count(), 0] FROM spans") {
		require.True(t, p.running(), "%s", p.output)
		require.Less(t, time.Since(began), 10*time.Minute)
	}
}

// away reads the whole log again with a ClickHouse that refuses everything.
func (r *rig) away(t *testing.T) {
	t.Helper()
	_, err := r.k.adm.DeleteGroup(t.Context(), group)
	require.NoError(t, err)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer refusing.Close()
	p := r.startSink(t, refusing.URL+"/default")
	for range 4 {
		require.NoError(t, broker.Pause(t.Context(), 5*time.Second))
		t.Logf("ClickHouse refuses: peak RSS so far %d MiB, CPU %s", peakOf(t, p.Process.Pid), cpuOf(t, p.Process.Pid))
	}
	p.kill()
	r.k.evict(t)
}

func loadAverage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	require.NoError(t, err)
	return "load average " + string(text[:4])
}
