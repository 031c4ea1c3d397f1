package streamtest

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// Cluster is a fake Kafka of one node, with Broker to reach it. It ends with its test.
type Cluster struct {
	*broker.Broker
	// Fake is for faults that this package does not know. It changes with Restart.
	Fake *kfake.Cluster

	t    testing.TB
	dir  string
	port int

	mu     sync.Mutex
	faults []*kfake.FaultHandle
}

// NewCluster starts a fake Kafka with every topic of the catalogue, or with topics only when some are given.
// Group sessions are short, so that a member that vanished is noticed soon.
func NewCluster(t testing.TB, topics ...topic.Topic) *Cluster {
	t.Helper()
	c := &Cluster{t: t, dir: t.TempDir()}
	c.start()
	t.Cleanup(func() { c.Fake.Close() })
	b, err := broker.New(broker.Config{Brokers: []string{c.Addr()}, ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	c.Broker = b
	if len(topics) == 0 {
		topics = topic.All()
	}
	require.NoError(t, b.EnsureTopics(t.Context(), topics...))
	return c
}

// Addr is the bootstrap address. It stays the same over Stop and Restart.
func (c *Cluster) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)) }

// Stop takes Kafka away: connections break and new ones are refused. What was acknowledged is kept.
func (c *Cluster) Stop() { c.Fake.Close() }

// Restart brings Kafka back on the same port, with its topics and offsets.
func (c *Cluster) Restart() {
	c.t.Helper()
	c.start()
}

func (c *Cluster) start() {
	c.t.Helper()
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DataDir(c.dir),
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}
	if c.port != 0 {
		opts = append(opts, kfake.Ports(c.port))
	}
	require.Eventually(c.t, func() bool { // the port may linger for a moment
		fake, err := kfake.NewCluster(opts...)
		if err != nil {
			c.t.Logf("starting the fake Kafka: %v", err)
			return false
		}
		c.Fake = fake
		return true
	}, 10*time.Second, 20*time.Millisecond)
	c.Heal() // faults end with the process that they were injected into
	_, port, err := net.SplitHostPort(c.Fake.ListenAddrs()[0])
	require.NoError(c.t, err)
	c.port, err = strconv.Atoi(port)
	require.NoError(c.t, err)
}

// Topic returns a topic that is not in the catalogue, or one of the catalogue with other partitions.
func Topic(name string, partitions int32) topic.Topic {
	t, _ := topic.Get(name)
	t.Name, t.Partitions = name, partitions
	return t
}

var _ fmt.Stringer = (*Cluster)(nil)

// String names the cluster in failures.
func (c *Cluster) String() string { return "fake Kafka at " + c.Addr() }
