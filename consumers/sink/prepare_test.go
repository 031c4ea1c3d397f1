package sink

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/schemas/topic"
)

const patient = time.Minute

// setupStored returns a sink and a Kafka whose 100 records are stored, while the sink still runs.
func setupStored(t *testing.T) (b bundle, kafka *streamtest.Cluster, stop func() error) {
	t.Helper()
	u, err := url.Parse(enginetest.Start(t))
	require.NoError(t, err)
	u.Path = "/ragline"
	b, kafka = setupAt(t, u.String()), streamtest.NewCluster(t)
	require.NoError(t, kafka.EnsureTopics(t.Context(), deadLetterTopic(t)))
	stop = b.start(t, kafka, b)
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, 100)...)
	b.awaitRows(t, 100)
	return b, kafka, stop
}

func (b bundle) dropDatabase(t *testing.T) {
	t.Helper()
	_, err := b.warehouse.Table(t.Context(), "DROP DATABASE ragline SYNC")
	require.NoError(t, err)
}

// committed is how far the group has read all partitions, in total.
func committed(kafka *streamtest.Cluster) (sum int64) {
	for _, name := range Topics("agent") {
		entry, _ := topic.Get(name)
		for p := range entry.Partitions {
			if offset, _ := kafka.Committed(group, name, p); offset > 0 {
				sum += offset
			}
		}
	}
	return sum
}

func TestWholeLogIsReadAgainWhenClickHouseIsGone(t *testing.T) {
	t.Parallel()
	b, kafka, stop := setupStored(t)
	require.NoError(t, stop())
	require.EqualValues(t, 100, committed(kafka))
	b.dropDatabase(t)

	j := &journal{}
	require.NoError(t, Prepare(t.Context(), b.warehouse, kafka.Broker, patient, j.logger()))
	require.Len(t, j.entries(t), 1)
	require.Equal(t, "ClickHouse is empty: reading the whole log again", j.entries(t)[0]["msg"])
	b.start(t, kafka, newSink(config(t), b.store, b.logger, time.Now))
	b.awaitRows(t, 100)
}

// As after `ragline migrate` by hand, or a crash between the migration and the rewind.
func TestWholeLogIsReadAgainThoughTheTablesExist(t *testing.T) {
	t.Parallel()
	b, kafka, stop := setupStored(t)
	require.NoError(t, stop())
	b.dropDatabase(t)
	_, err := b.warehouse.Migrate(t.Context())
	require.NoError(t, err)
	require.NoError(t, Prepare(t.Context(), b.warehouse, kafka.Broker, patient, b.logger))
	require.Zero(t, committed(kafka))
}

func TestFilledClickHouseIsLeftAlone(t *testing.T) {
	t.Parallel()
	b, kafka, stop := setupStored(t)
	require.NoError(t, stop())
	j := &journal{}
	require.NoError(t, Prepare(t.Context(), b.warehouse, kafka.Broker, patient, j.logger()))
	require.Empty(t, j.entries(t))
	require.EqualValues(t, 100, committed(kafka))
}

func TestFirstStartIsNoWarning(t *testing.T) {
	t.Parallel()
	b, kafka, j := setup(t), streamtest.NewCluster(t), &journal{}
	require.NoError(t, Prepare(t.Context(), b.warehouse, kafka.Broker, patient, j.logger()))
	require.Empty(t, j.entries(t))
}

func TestSinkThatStaysKeepsTheOffsets(t *testing.T) {
	t.Parallel()
	b, kafka, _ := setupStored(t)
	require.Eventually(t, func() bool { return committed(kafka) == 100 }, waitLong, 5*time.Millisecond)
	b.dropDatabase(t)
	j := &journal{}
	require.NoError(t, Prepare(t.Context(), b.warehouse, kafka.Broker, time.Nanosecond, j.logger()))
	require.Len(t, j.entries(t), 1)
	require.Contains(t, j.entries(t)[0]["error"], ErrActive.Error())
	require.Contains(t, j.entries(t)[0]["remedy"], "delete the consumer group sink")
	require.EqualValues(t, 100, committed(kafka))
}

// A sink that was killed counts as a member until its session times out.
func TestSinkThatLeavesIsWaitedFor(t *testing.T) {
	t.Parallel()
	b, kafka, stop := setupStored(t)
	require.Eventually(t, func() bool { return committed(kafka) == 100 }, waitLong, 5*time.Millisecond)
	b.dropDatabase(t)
	_, err := Rewind(t.Context(), kafka.Broker)
	require.ErrorIs(t, err, ErrActive)
	prepared := make(chan error, 1)
	go func() { prepared <- Prepare(t.Context(), b.warehouse, kafka.Broker, patient, b.logger) }()
	require.NoError(t, stop())
	require.NoError(t, <-prepared)
	require.Zero(t, committed(kafka))
}
