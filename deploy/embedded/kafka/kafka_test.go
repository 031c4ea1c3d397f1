package kafka_test

import (
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/deploy/embedded/child"
	"github.com/ragline/ragline/deploy/embedded/kafka"
)

func TestAcknowledgedRecordsAndOffsetsSurviveKill9(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	cl := client(t, b.Addr())
	createTopic(t, cl, "answers", 1)
	produce(t, cl, "answers", 0, 300)
	commits := kadm.Offsets{}
	commits.AddOffset("answers", 0, 120, -1)
	require.NoError(t, kadm.NewClient(cl).CommitAllOffsets(t.Context(), "sink", commits))

	kill(t, b)

	produce(t, cl, "answers", 300, 400) // the same client goes on
	reader := client(t, b.Addr(), kgo.ConsumeTopics("answers"))
	require.Len(t, distinct(t, reader, 400), 400)
	fetched, err := kadm.NewClient(cl).FetchOffsets(t.Context(), "sink")
	require.NoError(t, err)
	at, ok := fetched.Lookup("answers", 0)
	require.True(t, ok)
	require.EqualValues(t, 120, at.At)
}

func TestGroupGoesOnAfterTheBrokerWasKilled(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	cl := client(t, b.Addr())
	createTopic(t, cl, "queries", 3)
	member := client(t, b.Addr(), kgo.ConsumerGroup("agent"), kgo.ConsumeTopics("queries"))
	produce(t, cl, "queries", 0, 10)
	distinct(t, member, 10)

	kill(t, b)

	produce(t, cl, "queries", 10, 20)
	seen := distinct(t, member, 10)
	for _, value := range []string{"10", "15", "19"} {
		require.Contains(t, seen, value)
	}
}

func TestProducerGoesOnAfterACleanStopAndThenAKill(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	cl := client(t, b.Addr())
	createTopic(t, cl, "spans", 1)
	produce(t, cl, "spans", 0, 10)

	terminate(t, b) // writes sequence numbers down
	produce(t, cl, "spans", 10, 20)
	kill(t, b) // does not

	produce(t, cl, "spans", 20, 30)
	reader := client(t, b.Addr(), kgo.ConsumeTopics("spans"))
	require.Len(t, distinct(t, reader, 30), 30)
}

func TestBrokerEndsWithItsParentAndFreesTheDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent, addr := startParent(t, dir)
	cl := client(t, addr)
	createTopic(t, cl, "queries", 1)
	produce(t, cl, "queries", 0, 10)

	require.NoError(t, parent.Process.Signal(syscall.SIGKILL))
	_ = parent.Wait()

	b := start(t, config(dir)) // waits for the lock
	distinct(t, client(t, b.Addr(), kgo.ConsumeTopics("queries")), 10)
}

func TestMembersOfTheLastRunDoNotHoldUpTheNext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, config(dir))
	cl := client(t, b.Addr())
	createTopic(t, cl, "queries", 1)
	produce(t, cl, "queries", 0, 10)
	member := client(t, b.Addr(), kgo.ConsumerGroup("agent"), kgo.ConsumeTopics("queries"))
	distinct(t, member, 10)
	require.NoError(t, member.CommitUncommittedOffsets(t.Context()))

	require.NoError(t, b.Close()) // the member is still in its group

	b = start(t, config(dir))
	adm := kadm.NewClient(client(t, b.Addr()))
	groups, err := adm.DescribeGroups(t.Context(), "agent")
	require.NoError(t, err)
	require.Equal(t, "Empty", groups["agent"].State)
	offsets, err := adm.FetchOffsets(t.Context(), "agent")
	require.NoError(t, err)
	at, ok := offsets.Lookup("queries", 0)
	require.True(t, ok)
	require.EqualValues(t, 10, at.At)
}

func TestSecondBrokerOnTheSameDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t.TempDir())
	b := start(t, cfg)
	cfg.LockWait = time.Millisecond
	_, err := kafka.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	var inUse *kafka.DataDirInUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, b.PID(), inUse.PID)
	require.ErrorContains(t, err, "stop the other ragline first")
}

func TestMainItselfRefusesALockedDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, config(dir))
	stdin, parentsEnd := io.Pipe()
	t.Cleanup(func() { _ = parentsEnd.Close() })
	var inUse *kafka.DataDirInUseError
	err := kafka.Main(t.Context(), kafka.Options{
		DataDir: dir, Addr: "127.0.0.1:0", Stdin: stdin,
		Logger: slog.New(slog.DiscardHandler), LockWait: 0,
	})
	require.ErrorAs(t, err, &inUse)
}

func TestTakenPortIsExplained(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	cfg := config(t.TempDir())
	cfg.Addr = ln.Addr().String()
	_, err = kafka.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	var inUse *kafka.AddrInUseError
	require.ErrorAs(t, err, &inUse)
	require.ErrorContains(t, err, "RAGLINE_KAFKA_ADDR="+cfg.Addr)
	require.ErrorContains(t, err, "KAFKA_BROKERS="+cfg.Addr)
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:9092", "example.org:9092", "127.0.0.1", "127.0.0.1:99999"} {
		err := kafka.Config{DataDir: "d", Addr: addr}.Validate()
		require.ErrorContains(t, err, "RAGLINE_KAFKA_ADDR="+addr)
	}
}

func TestCloseLeavesNothingServing(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	require.ErrorIs(t, b.Wait(t.Context()), child.ErrStopped)
	_, err := net.Dial("tcp", b.Addr())
	require.Error(t, err)
}

func TestTransactionsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	cl := client(t, b.Addr(), kgo.TransactionalID("t"))
	require.ErrorIs(t, cl.BeginTransaction(), kerr.TransactionalIDAuthorizationFailed)
}

func TestUnknownTopicIsNotCreatedByPublishing(t *testing.T) {
	t.Parallel()
	b := start(t, config(t.TempDir()))
	cl := client(t, b.Addr(), kgo.UnknownTopicRetries(0), kgo.AllowAutoTopicCreation())
	err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "typo", Value: []byte("x")}).FirstErr()
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
}

// kill ends the broker as a crash would and returns when the next one serves.
func kill(t *testing.T, b *kafka.Broker) { signal(t, b, syscall.SIGKILL) }

// terminate lets the broker write its state; the supervisor starts it again.
func terminate(t *testing.T, b *kafka.Broker) { signal(t, b, syscall.SIGTERM) }

func signal(t *testing.T, b *kafka.Broker, sig syscall.Signal) {
	t.Helper()
	addr, before := b.Addr(), b.Restarts()
	require.NoError(t, syscall.Kill(b.PID(), sig))
	require.Eventually(t, func() bool { return b.Restarts() == before+1 }, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, b.Wait(t.Context()))
	require.Equal(t, addr, b.Addr())
}
