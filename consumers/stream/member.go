package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/topic"
)

// member is a member of a consumer group: it holds claims, hands records to the workload, and commits.
type member struct {
	cfg     Config
	deps    Deps
	group   string
	topics  []string
	work    workload
	metrics *metrics
	account *account
	outage  outage
	// fetchBytes bounds what one fetch returns of a partition, fetchAtOnce what it returns of all.
	fetchBytes, fetchAtOnce int32
	// pools is memory that fetches use again.
	pools []kgo.Pool

	client *kgo.Client
	opened chan struct{} // closed when client is set: its callbacks may come earlier
	// root ends when handlers have to end: after the grace of the shutdown.
	root     context.Context
	stopRoot context.CancelFunc

	ready     chan struct{}
	readyOnce sync.Once

	// committing serialises commits with the end of claims. It is taken before mu.
	committing sync.Mutex
	mu         sync.Mutex
	claims     map[place]*claim
	// unlocated counts the sessions in a row that did not find all committed offsets. Only onFetched uses it.
	unlocated int
}

func newMember(cfg Config, deps Deps, group string, topics []string) (*member, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps, err := deps.withDefaults()
	if err != nil {
		return nil, err
	}
	if group == "" || len(topics) == 0 {
		return nil, fmt.Errorf("opening consumer %q of %v: a name and at least one topic are required", group, topics)
	}
	metrics, err := newMetrics(group, deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("opening consumer %s: registering metrics: %w", group, err)
	}
	deps.Logger = deps.Logger.With("group", group)
	if deps.Budget == nil {
		deps.Budget = NewBudget(cfg.BudgetBytes)
	}
	return &member{
		cfg: cfg, deps: deps, group: group, topics: topics, metrics: metrics,
		account: deps.Budget.open(),
		outage:  outage{logger: deps.Logger},
		ready:   make(chan struct{}),
		opened:  make(chan struct{}),
		claims:  map[place]*claim{},
	}, nil
}

// open waits for Kafka, creates the topics that are missing and joins the group. close undoes it, also after an error.
func (m *member) open(ctx context.Context, topics ...topic.Topic) error {
	m.root, m.stopRoot = context.WithCancel(context.WithoutCancel(ctx))
	for _, name := range m.topics {
		if t, known := topic.Get(name); known {
			topics = append(topics, t)
		}
	}
	if err := m.deps.Broker.Wait(ctx); err != nil {
		return err
	}
	err := m.persist(ctx, "creating topics", func() error { return m.deps.Broker.EnsureTopics(ctx, topics...) })
	if err != nil {
		return err
	}
	m.client, err = m.deps.Broker.Client(
		kgo.ConsumerGroup(m.group),
		kgo.ConsumeTopics(m.topics...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		// Never skip: after a loss at the broker the log is read again.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(m.cfg.SessionTimeout),
		kgo.HeartbeatInterval(min(m.cfg.SessionTimeout/10, 3*time.Second)),
		// A member that dies between join and sync holds the whole group up for this long.
		kgo.RebalanceTimeout(m.cfg.ShutdownTimeout+5*time.Second),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(m.onAssigned),
		kgo.OnOffsetsFetched(m.onFetched),
		kgo.OnPartitionsRevoked(m.onRevoked),
		kgo.OnPartitionsLost(m.onLost),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.FetchMaxBytes(int32(min(m.account.share(), int64(m.fetchAtOnce)))),
		kgo.FetchMaxPartitionBytes(m.fetchBytes),
		kgo.WithPools(m.pools...),
	)
	close(m.opened)
	return err
}

// poll hands records to the workload until ctx ends.
func (m *member) poll(ctx context.Context) {
	for {
		fetches := m.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			m.client.AllowRebalance()
			return
		}
		fetches.EachError(m.fetchFailed)
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if len(p.Records) == 0 {
				return
			}
			m.outage.over(fetching(p.Topic, p.Partition))
			m.outage.over(fetching(p.Topic, -1))
			m.outage.over(fetching("", -1))
			if c := m.claim(p.Topic, p.Partition); c != nil {
				m.work.take(c, p.FetchPartition)
			}
		})
		m.client.AllowRebalance()
	}
}

// followBudget calls press whenever other consumers have used up or freed the shared budget, until ctx ends.
func (m *member) followBudget(ctx context.Context, press func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.account.changed:
			press()
		}
	}
}

// close leaves the group, which releases all claims, and frees the client. It returns within the shutdown timeout.
func (m *member) close() {
	if m.client != nil {
		ctx, cancel := context.WithTimeout(context.Background(), m.cfg.ShutdownTimeout*9/10)
		defer cancel()
		m.client.AllowRebalance()
		if err := m.client.LeaveGroupContext(ctx); err != nil {
			m.deps.Logger.Debug("leaving the group failed, the session will time out", "error", err)
		}
		m.client.CloseAllowingRebalance()
	}
	m.stopRoot()
}

func (m *member) claim(topic string, partition int32) *claim {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims[place{topic, partition}]
}

func (m *member) onAssigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	<-m.opened
	for topic, partitions := range added {
		for _, p := range partitions {
			c := &claim{topic: topic, partition: p}
			c.ctx, c.cancel = context.WithCancel(m.root)
			m.mu.Lock()
			m.claims[place{topic, p}] = c
			m.mu.Unlock()
			m.work.assigned(c)
		}
	}
	m.metrics.rebalances.WithLabelValues(m.group, "assigned").Inc()
	m.outage.over("group")
	m.readyOnce.Do(func() { close(m.ready) })
}

// onRevoked is called while this member still owns the partitions: the group waits for it.
func (m *member) onRevoked(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	claims := m.claimsOf(gone)
	if len(claims) == 0 {
		return
	}
	m.metrics.rebalances.WithLabelValues(m.group, "revoked").Inc()
	grace, cancel := context.WithTimeout(context.Background(), m.cfg.ShutdownTimeout*6/10)
	marks := m.work.release(grace, claims)
	cancel()
	m.commitLast(claims, marks)
	m.forget(claims)
}

// onLost is called when others may own the partitions already: nothing is committed.
func (m *member) onLost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	claims := m.claimsOf(gone)
	if len(claims) == 0 {
		return
	}
	m.metrics.rebalances.WithLabelValues(m.group, "lost").Inc()
	m.outage.note("group", errors.New("the group session was lost, joining again"))
	m.end(claims)
	now, cancel := context.WithCancel(context.Background())
	cancel()
	m.work.release(now, claims)
	m.forget(claims)
}

func (m *member) claimsOf(partitions map[string][]int32) []*claim {
	var claims []*claim
	for topic, ps := range partitions {
		for _, p := range ps {
			if c := m.claim(topic, p); c != nil {
				claims = append(claims, c)
			}
		}
	}
	return claims
}

// end forbids commits for claims.
func (m *member) end(claims []*claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range claims {
		c.over = true
	}
}

func (m *member) forget(claims []*claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range claims {
		c.cancel()
		if m.claims[place{c.topic, c.partition}] == c {
			delete(m.claims, place{c.topic, c.partition})
		}
		m.metrics.forget(c.topic, c.partition)
		m.outage.drop(fetching(c.topic, c.partition))
		m.outage.drop(locating(c))
		// A pause outlives the assignment.
		m.client.ResumeFetchPartitions(map[string][]int32{c.topic: {c.partition}})
	}
}
