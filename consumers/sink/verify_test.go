package sink

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/schemas/topic"
)

// settled lets the sink store n records of all topics and stops it.
func (b bundle) settled(t *testing.T, n int) *streamtest.Cluster {
	t.Helper()
	kafka := streamtest.NewCluster(t)
	require.NoError(t, kafka.EnsureTopics(t.Context(), deadLetterTopic(t)))
	stop := b.start(t, kafka, b)
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, n)...)
	b.awaitRows(t, n)
	require.NoError(t, stop())
	return kafka
}

func (b bundle) verify(t testing.TB, kafka *streamtest.Cluster) Proof {
	t.Helper()
	proof, err := Verify(t.Context(), kafka.Broker, b.warehouse, time.Now(), nil)
	require.NoError(t, err)
	return proof
}

// wrong returns the partitions that are not as they should be.
func (p Proof) wrong() (list []Check) {
	for _, c := range p.Partitions {
		if !c.OK() {
			list = append(list, c)
		}
	}
	return list
}

func (b bundle) run(t testing.TB, statement string) {
	t.Helper()
	_, err := b.warehouse.Table(t.Context(), statement)
	require.NoError(t, err)
}

func TestWhatTheSinkStoredIsProved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	proof := b.verify(t, b.settled(t, 500))
	require.True(t, proof.OK(), "%+v", proof.wrong())
	var records, rows, raw uint64
	for _, c := range proof.Partitions {
		records, rows, raw = records+c.Records, rows+c.Rows, raw+c.Raw
		require.Zero(t, c.Lag)
	}
	require.Equal(t, []uint64{500, 500}, []uint64{records, rows})
	require.NotZero(t, raw)
	require.Len(t, proof.Rollups, 3)
}

func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 300)
	ok := b.verify(t, kafka)
	require.True(t, ok.OK())
	check := func(name string) Check {
		wrong := b.verify(t, kafka).wrong()
		require.Len(t, wrong, 1)
		require.Equal(t, name, wrong[0].Topic)
		return wrong[0]
	}

	b.run(t, "INSERT INTO queries SELECT * FROM queries LIMIT 1")
	require.EqualValues(t, 1, check(topic.Queries).Doubled)
	b.run(t, "ALTER TABLE queries DELETE WHERE true SETTINGS mutations_sync = 2")
	require.NotZero(t, check(topic.Queries).Missing)
	require.NoError(t, newSink(config(t), b.store, b.logger, time.Now).replay(t, kafka, topic.Queries))
	require.Empty(t, b.verify(t, kafka).wrong())

	b.run(t, "ALTER TABLE feedback UPDATE comment = '', source = 'x' WHERE true SETTINGS mutations_sync = 2")
	require.Empty(t, b.verify(t, kafka).wrong(), "only positions and ids are compared")
	b.run(t, "INSERT INTO feedback SELECT * REPLACE (_offset + 1000 AS _offset) FROM feedback LIMIT 1")
	require.Empty(t, b.verify(t, kafka).wrong(), "a row beyond what is committed may be one on its way")

	b.run(t, "ALTER TABLE spans_full DELETE WHERE true SETTINGS mutations_sync = 2")
	beside := check(topic.Spans).Beside
	require.NotZero(t, beside.Expected)
	require.Zero(t, beside.Rows)
}

func TestOtherEventAtAPositionIsFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 100)
	b.run(t, "CREATE TABLE moved AS queries")
	b.run(t, "INSERT INTO moved SELECT * REPLACE ('other' AS event_id) FROM queries")
	b.run(t, "EXCHANGE TABLES moved AND queries")
	wrong := b.verify(t, kafka).wrong()
	require.NotEmpty(t, wrong)
	for _, c := range wrong {
		require.Equal(t, topic.Queries, c.Topic)
		require.Zero(t, c.Missing+c.Doubled)
		require.False(t, c.Same)
	}
}

// Compaction takes records out of the log that ClickHouse keeps, and retention rows out of ClickHouse.
func TestWhatEitherSideForgotIsNotCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 300)
	for _, c := range b.verify(t, kafka).Partitions {
		if c.Records > 0 {
			require.NoError(t, kafka.Fake.DeleteRecords(c.Topic, c.Partition, 1))
		}
	}
	require.Empty(t, b.verify(t, kafka).wrong())

	cfg := warehouseConfig(t, b.address)
	cfg.Retention = warehouse.Retention{"queries": 1}
	forgetful, err := warehouse.Open(cfg, b.logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, forgetful.Close()) })
	b.run(t, "ALTER TABLE queries DELETE WHERE true SETTINGS mutations_sync = 2")
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	proof, err := Verify(t.Context(), kafka.Broker, forgetful, later, nil)
	require.NoError(t, err)
	require.True(t, proof.OK(), "%+v", proof.wrong())
	proof, err = Verify(t.Context(), kafka.Broker, b.warehouse, later, nil)
	require.NoError(t, err)
	require.False(t, proof.OK())
}

func TestProofNeedsTheWholeLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 50)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Verify(ctx, kafka.Broker, b.warehouse, time.Now(), func(int64, int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

// replay stores every record of a topic again, as a rewound group would.
func (s *Sink) replay(t testing.TB, kafka *streamtest.Cluster, name string) error {
	t.Helper()
	logs := map[int32]*log{}
	for _, r := range streamtest.ReadRecords(t, kafka.Broker, name) {
		if logs[r.Partition] == nil {
			logs[r.Partition] = &log{topic: name}
		}
		logs[r.Partition].records = append(logs[r.Partition].records, r)
	}
	for p, l := range logs {
		b := l.all()
		b.Partition = p
		if err := s.HandleBatch(t.Context(), b); err != nil {
			return err
		}
	}
	return nil
}
