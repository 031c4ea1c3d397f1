package sink

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// waitLong is for what hangs: under a load of 40 a minute was too short.
const waitLong = 5 * time.Minute

// start runs the sink as the application does.
func (b bundle) start(t *testing.T, kafka *streamtest.Cluster, h stream.BatchHandler) (stop func() error) {
	t.Helper()
	consumer, err := stream.NewBatchConsumer(streamtest.Config(t), streamtest.Deps(kafka.Broker), Topics("agent"), h)
	require.NoError(t, err)
	return streamtest.Start(t, consumer.Run)
}

// awaitRows waits until as many rows are stored as records were produced, each position once: as long as it takes,
// while more and more are.
func (b bundle) awaitRows(t testing.TB, produced int) {
	t.Helper()
	want := fmt.Sprintf("[%d,%d]", produced, produced)
	for got := ""; got != want; {
		last := got
		require.Eventually(t, func() bool {
			result, err := b.warehouse.Table(t.Context(), "SELECT [count(), uniqExact(topic, partition, offset)] FROM records")
			if err == nil {
				got = warehouse.Cell(result.Rows[0][0])
			}
			return got != last
		}, waitLong, 50*time.Millisecond, "rows and positions should be %s, and stay %s", want, last)
	}
}

// traffic is n records for all topics and some poison, made from the golden records.
func traffic(t testing.TB, n int) []event.Record {
	t.Helper()
	var records []event.Record
	definitions := event.Definitions()
	for i := range n {
		d := definitions[i%len(definitions)]
		r := golden(t, d.Type)
		r.Topic = topic.For(d.Type)
		switch i % 31 {
		case 7:
			r.Value = []byte("{")
		case 11:
			r = event.Record{Topic: topic.DeadLetters("agent"), Value: []byte("stray")}
		}
		r.Timestamp = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		records = append(records, r)
	}
	return records
}

func TestEveryRecordOfEveryTopicIsStored(t *testing.T) {
	t.Parallel()
	b, kafka := setup(t), streamtest.NewCluster(t)
	b.start(t, kafka, b)
	require.NoError(t, kafka.EnsureTopics(t.Context(), deadLetterTopic(t)))
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, 500)...)
	b.awaitRows(t, 500)
	summary, err := b.warehouse.Summary(t.Context())
	require.NoError(t, err)
	require.Len(t, summary.Topics, len(topic.All())+1)
}

func deadLetterTopic(t *testing.T) topic.Topic {
	t.Helper()
	entry, known := topic.Get(topic.DeadLetters("agent"))
	require.True(t, known)
	return entry
}

// Inserts fail before and after they took effect, and the process stops and starts all the while.
func TestRestartsAndLostAnswersStoreEveryRecordOnce(t *testing.T) {
	t.Parallel()
	b, kafka := setup(t), streamtest.NewCluster(t)
	require.NoError(t, kafka.EnsureTopics(t.Context(), deadLetterTopic(t)))
	random := rand.New(rand.NewPCG(11, 13))
	produced := 0
	for range 4 {
		c := &crashing{store: b.store, random: random}
		stop := b.start(t, kafka, newSink(config(t), &locked{store: c}, b.logger, time.Now))
		streamtest.PublishRecords(t, kafka.Broker, traffic(t, 250)...)
		produced += 250
		require.Eventually(t, func() bool {
			result, err := b.warehouse.Table(t.Context(), "SELECT count() FROM records")
			if err != nil {
				return false
			}
			stored, err := result.Rows[0][0].(json.Number).Int64()
			return err == nil && stored >= int64(produced-125)
		}, waitLong, 10*time.Millisecond)
		require.NoError(t, stop())
	}
	b.start(t, kafka, b)
	b.awaitRows(t, produced)
}

func TestClickHouseMayDieAndComeBack(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartEngine(t, nil)
	b, kafka := setupAt(t, engine.DSN()), streamtest.NewCluster(t)
	b.start(t, kafka, b)
	require.NoError(t, kafka.EnsureTopics(t.Context(), deadLetterTopic(t)))
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, 200)...)
	b.awaitRows(t, 200)

	for i := range 3 {
		process, err := os.FindProcess(engine.PID())
		require.NoError(t, err)
		require.NoError(t, process.Kill())
		streamtest.PublishRecords(t, kafka.Broker, traffic(t, 100)...)
		require.Eventually(t, func() bool { return engine.Restarts() > i }, waitLong, 5*time.Millisecond)
		require.NoError(t, engine.Wait(t.Context()))
	}
	b.awaitRows(t, 500)
}
