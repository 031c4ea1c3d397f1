package sink

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// faultRounds is 200 for `make test-faults`.
var faultRounds = flag.Int("fault-rounds", 10, "kills of the sink in a fault test")

// Points at which the test kills a child from outside.
const (
	pointAfterPoll   = "after-poll" // records are there, the batch is not announced: the fake Kafka refuses the commit
	pointAfterCommit = "after-commit"
	pointAnywhere    = "anywhere"
)

// round starts a sink that ends at a point, gives it records, and waits for its end or until it has stored all.
type round struct {
	b        bundle
	k        *kafka
	random   *rand.Rand
	produced int
	ended    map[string]int
}

func (r *round) run(t *testing.T, point string) {
	t.Helper()
	times := 1 + r.random.IntN(4)
	inside := point
	if point == pointAfterPoll || point == pointAfterCommit || point == pointAnywhere {
		inside = pointNone
	}
	sink := startSink(t, r.k.Broker, r.b.address, fmt.Sprintf("%s %d KILL", inside, times))
	defer func() {
		sink.kill()
		r.k.evict(t)
	}()
	if point == pointAfterPoll {
		fault := r.k.fake.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Count: -1, Err: kerr.CoordinatorLoadInProgress})
		defer fault.Remove()
		r.publish(t)
		require.NoError(t, fault.Wait(t.Context(), 1))
		r.ended[point]++
		return
	}
	before := r.k.commits(t)
	r.publish(t)
	deadline := time.Now().Add(waitLong)
	for sink.running() && time.Now().Before(deadline) {
		switch {
		case point == pointAfterCommit && different(before, r.k.commits(t)):
			r.ended[point]++
			return
		case point == pointAnywhere && r.random.IntN(4) == 0:
			r.ended[point]++
			return
		case r.stored(t):
			return // it did not come to its point
		}
	}
	require.False(t, sink.running(), "the sink neither ended nor stored everything: %s", sink.output)
	status := sink.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, status.Signaled(), "%s", sink.output)
	r.ended[point]++
}

func (r *round) publish(t *testing.T) {
	t.Helper()
	n := 20 + r.random.IntN(150)
	r.k.publish(t, n)
	r.produced += n
}

func (r *round) stored(t *testing.T) bool {
	t.Helper()
	return r.b.one(t, "SELECT count() FROM records") == strconv.Itoa(r.produced)
}

func different(a, b map[partition]plan) bool {
	for p, plan := range b {
		if a[p] != plan {
			return true
		}
	}
	return false
}

func (r *round) points() []string {
	points := []string{pointAfterAnnounce, pointMidInsert, pointAfterInsert, pointAfterCommit, pointAnywhere}
	if r.k.fake != nil {
		points = append(points, pointAfterPoll)
	}
	return points
}

// finish lets a sink that lives store the rest.
func (r *round) finish(t *testing.T) {
	t.Helper()
	r.publish(t)
	startSink(t, r.k.Broker, r.b.address, "none 1 KILL")
	r.b.awaitProof(t, r.k, r.produced)
}

// kill -9 at every point of a batch, again and again: 0 lost, 0 doubled.
func TestKilledSinkStoresEveryRecordOnce(t *testing.T) {
	t.Parallel()
	r := &round{b: setup(t), k: newKafka(t), random: rand.New(rand.NewPCG(5, 8)), ended: map[string]int{}}
	points := r.points()
	for i := range *faultRounds {
		r.run(t, points[i%len(points)])
	}
	r.finish(t)
	t.Logf("%d records, killed: %v", r.produced, r.ended)
	for _, point := range points[:min(len(points), *faultRounds)] {
		require.NotZero(t, r.ended[point], point)
	}
}

// The same where an outage outlasted ClickHouse's window: between the kill and the replay every token is forgotten.
func TestKilledSinkStoresEveryRecordOnceWithoutTheWindow(t *testing.T) {
	t.Parallel()
	r := &round{b: setup(t), k: newKafka(t), random: rand.New(rand.NewPCG(13, 21)), ended: map[string]int{}}
	for i := range (*faultRounds + 1) / 2 {
		r.run(t, []string{pointAfterInsert, pointMidInsert, pointAfterAnnounce}[i%3])
		r.forget(t)
	}
	r.finish(t)
}

// forget empties the windows once the inserts of the killed sink have ended: one that is under way is still
// recognised by its token, because no window is as short as that. The engine may not even have read the insert yet, so
// that it knows of no query, but then the kernel still holds the connection.
func (r *round) forget(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return !r.b.unread(t) && r.b.one(t, "SELECT count() FROM system.processes WHERE query ILIKE 'INSERT%'") == "0"
	}, waitLong, 10*time.Millisecond)
	for _, table := range TableNames() {
		for _, window := range []string{"0", "100000"} {
			r.b.run(t, "ALTER TABLE "+table+" MODIFY SETTING non_replicated_deduplication_window = "+window)
		}
	}
}

// unread says that a client of ClickHouse is gone whose connection the server has not closed: FIN_WAIT1 or FIN_WAIT2.
// Without Linux's list of sockets it says nothing.
func (b bundle) unread(t *testing.T) bool {
	t.Helper()
	dsn, err := url.Parse(b.address)
	require.NoError(t, err)
	port, err := strconv.Atoi(dsn.Port())
	require.NoError(t, err)
	sockets, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(sockets)) {
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[2], fmt.Sprintf(":%04X", port)) && (f[3] == "04" || f[3] == "05") {
			return true
		}
	}
	return false
}

// ClickHouse and the sink are killed in turn.
func TestKilledClickHouseLosesNothing(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartEngine(t, nil)
	r := &round{b: setupAt(t, engine.DSN()), k: newKafka(t), random: rand.New(rand.NewPCG(34, 55)), ended: map[string]int{}}
	startSink(t, r.k.Broker, r.b.address, "none 1 KILL")
	for range (*faultRounds + 4) / 5 {
		r.publish(t)
		restarts := engine.Restarts()
		require.NoError(t, syscall.Kill(engine.PID(), syscall.SIGKILL))
		r.publish(t)
		require.Eventually(t, func() bool { return engine.Restarts() > restarts }, waitLong, 5*time.Millisecond)
		require.NoError(t, engine.Wait(t.Context()))
	}
	r.b.awaitProof(t, r.k, r.produced)
}
