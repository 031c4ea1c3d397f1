package sink

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"golang.org/x/sync/semaphore"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// group is the consumer group. Renaming it reads the whole log again, which costs time only: what is stored is left out.
const group = "sink"

// maxPartitions is ClickHouse's default bound on table partitions of one insert.
const maxPartitions = 100

// bytesAtOnce bounds the records of batches that are in the middle of becoming blocks, bodies and rows: a backlog of
// many partitions would otherwise hold as many of each, fresh ones instead of those that were used before. Small
// batches go side by side; of full ones, five keep the engine busy.
const bytesAtOnce = 32 << 20

// store is what the sink needs of ClickHouse.
type store interface {
	// Insert must not keep columns.
	Insert(ctx context.Context, table, token string, columns proto.Input) error
	StoredUpTo(ctx context.Context, tables []string, topic string, partition int32, from int64) (int64, error)
	StoredEvents(ctx context.Context, tables []string, topic string, partition int32, from, to int64) (map[int64]warehouse.Stored, error)
}

// Sink stores batches.
type Sink struct {
	cluster  string
	store    store
	tables   tables
	progress progress
	logger   *slog.Logger
	otherLog alarm
	working  *semaphore.Weighted
	// pause waits before what was lost is stored again. Tests replace it.
	pause func(ctx context.Context, d time.Duration) error
}

// New returns the handler of the consumer group "sink". Its topics are Topics, its tables those of w.Migrate.
func New(cfg Config, w *warehouse.Warehouse, logger *slog.Logger) *Sink {
	return newSink(cfg, w, logger, time.Now)
}

func newSink(cfg Config, s store, logger *slog.Logger, now func() time.Time) *Sink {
	return &Sink{
		cluster: cfg.Cluster, store: s, tables: newTables(), logger: logger,
		otherLog: alarm{now: now}, working: semaphore.NewWeighted(bytesAtOnce), pause: broker.Pause,
	}
}

// Topics returns the topics to read: the catalogue, and the dead letters of the given consumer groups. A topic that
// does not exist yet is created by the runtime, so that a first dead letter is not missed.
func Topics(groups ...string) []string {
	var names []string
	for _, t := range topic.All() {
		names = append(names, t.Name)
	}
	for _, g := range groups {
		names = append(names, topic.DeadLetters(g))
	}
	return names
}

// Name is the consumer group.
func (s *Sink) Name() string { return group }

// HandleBatch stores every record of the batch that is not stored yet.
func (s *Sink) HandleBatch(ctx context.Context, b stream.Batch) error {
	weight := weightOf(b)
	if err := s.working.Acquire(ctx, weight); err != nil {
		return err
	}
	defer s.working.Release(weight)
	if err := s.handle(ctx, b); err != nil {
		s.progress.lost(b)
		err = fmt.Errorf("storing %s/%d from %d to %d: %w", b.Topic, b.Partition, b.From, b.To, err)
		s.otherLog.raise(s.logger, err)
		return err
	}
	s.progress.done(b)
	return nil
}

func weightOf(b stream.Batch) int64 {
	n := 0
	for _, r := range b.Records {
		n += len(r.Value)
	}
	return min(int64(n), bytesAtOnce)
}

func (s *Sink) handle(ctx context.Context, b stream.Batch) error {
	continues := s.progress.continues(b)
	stored, err := s.stored(ctx, b)
	if err != nil {
		return err
	}
	parts, err := s.blocks(b, stored)
	if err != nil {
		return err
	}
	fresh := continues && !s.progress.within(b) // its tokens were not taken before
	if err := s.insert(ctx, b, parts, ""); err != nil || fresh || len(parts) == 0 {
		return err
	}
	return s.repair(ctx, b)
}

func (s *Sink) insert(ctx context.Context, b stream.Batch, parts []part, suffix string) error {
	for _, part := range parts {
		if err := s.store.Insert(ctx, part.table, s.token(b, part.place)+suffix, part.block.columns()); err != nil {
			return err // the rest is for the garbage collector
		}
		part.block.release()
	}
	return nil
}

// token names a block by the range that it was made of. It must never depend on the content: the first insert wins.
func (s *Sink) token(b stream.Batch, p place) string {
	token := fmt.Sprintf("%s/%s/%d/%d-%d/%s", s.cluster, b.Topic, b.Partition, b.From, b.To, p.table)
	if p.ordinal > 0 {
		token += "/" + strconv.Itoa(p.ordinal)
	}
	return token
}

// place names a block within a batch: a table, and which hundred of its partitions.
type place struct {
	table   string
	ordinal int
}

// part is a block on its way to its place.
type part struct {
	place
	block block
}

// blocks turns a batch into blocks, in the order of their first records. What is stored is left out only after
// the blocks were divided, so that the division does not depend on it.
func (s *Sink) blocks(b stream.Batch, has stored) ([]part, error) {
	c := collector{division: divider{}, index: map[place]int{}}
	var spans spanDecoder
	for _, r := range b.Records {
		placed := s.tables.placeQuickly(r, &spans)
		before, ok := has.rows[r.Offset]
		if err := c.add(placed, before, ok); err != nil {
			return nil, err
		}
		also := placed.table.beside(placed)
		if also == nil || ok && before.Table != placed.table.name() {
			continue // another version of the code stored the record elsewhere
		}
		placed.table = also
		before, ok = has.beside[r.Offset]
		if err := c.add(placed, before, ok); err != nil {
			return nil, err
		}
	}
	return c.parts, nil
}

// collector puts rows into blocks.
type collector struct {
	division divider
	index    map[place]int
	parts    []part
}

func (c *collector) add(r row, before warehouse.Stored, stored bool) error {
	at := c.division.place(r)
	if stored {
		if before.EventID != r.event.ID {
			return fmt.Errorf("event %s at offset %d: %w", r.event.ID, before.Offset, ErrOtherLog)
		}
		return nil
	}
	i, open := c.index[at]
	if !open {
		i = len(c.parts)
		c.index[at] = i
		c.parts = append(c.parts, part{at, r.table.block()})
	}
	c.parts[i].block.add(r)
	return nil
}

// divider numbers the table partitions of a batch and puts each hundred into one block.
type divider map[string]map[int]int

func (d divider) place(r row) place {
	name, partition := r.table.name(), r.table.partition(r)
	if d[name] == nil {
		d[name] = map[int]int{}
	}
	n, seen := d[name][partition]
	if !seen {
		n = len(d[name])
		d[name][partition] = n
	}
	return place{name, n / maxPartitions}
}

// stored is what ClickHouse has of a batch, by offset: a record in any of the tables that it may be in, and in the
// tables beside them.
type stored struct{ rows, beside map[int64]warehouse.Stored }

// stored looks only where there can be something.
func (s *Sink) stored(ctx context.Context, b stream.Batch) (stored, error) {
	if !s.progress.continues(b) {
		names := append(s.tables.of(b.Topic), s.tables.besides(b.Topic)...)
		highest, err := s.store.StoredUpTo(ctx, names, b.Topic, b.Partition, b.From)
		if err != nil {
			return stored{}, err
		}
		s.progress.found(b, highest)
	}
	if !s.progress.within(b) {
		return stored{}, nil
	}
	has, err := s.look(ctx, b)
	if err != nil {
		return stored{}, err
	}
	s.logger.Debug("leaving out what is stored", "topic", b.Topic, "partition", b.Partition, "from", b.From, "to", b.To, "stored", len(has.rows))
	return has, nil
}

// look asks ClickHouse for a batch.
func (s *Sink) look(ctx context.Context, b stream.Batch) (has stored, err error) {
	has.rows, err = s.store.StoredEvents(ctx, s.tables.of(b.Topic), b.Topic, b.Partition, b.From, b.To)
	if names := s.tables.besides(b.Topic); err == nil && len(names) > 0 {
		has.beside, err = s.store.StoredEvents(ctx, names, b.Topic, b.Partition, b.From, b.To)
	}
	return has, err
}
