package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

var (
	// ErrUnknownTable says that the sink fills no such table.
	ErrUnknownTable = errors.New("the sink fills no such table")
	// ErrBusy says that the sink did not finish the batch that it had in hand when the tables were swapped.
	ErrBusy = errors.New("the sink does not finish its batch: run the rebuild again once it does")
)

const (
	rebuildRecords = 10_000
	rebuildBytes   = 4 << 20
	// busyPatience is how long a batch may take that was in hand at the swap.
	busyPatience = 2 * time.Minute
	busyPoll     = 100 * time.Millisecond
)

// TableNames returns the tables that the sink fills, sorted.
func TableNames() []string {
	t := newTables()
	names := map[string]bool{t.rawRecords.name(): true, t.deadLetters.name(): true, t.spansFull.name(): true}
	for _, home := range t.byType {
		names[home.name()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Rebuild replays the log into a new table, takes over the rows whose records the log no longer has, swaps the two and
// drops the old one. The sink may run meanwhile; what it stores into the old table until the swap is stored again.
//
// A crash before the swap leaves the table as it was, and one after it a table whose last rows are missing until the
// rebuild is run again. progress is called with the records read and their number in all.
func Rebuild(ctx context.Context, b *broker.Broker, w *warehouse.Warehouse, logger *slog.Logger, table string, progress func(done, total int64)) (rows uint64, err error) {
	if !slices.Contains(TableNames(), table) {
		return 0, fmt.Errorf("rebuilding %s: %w", table, ErrUnknownTable)
	}
	r := newRebuild(b, w, logger, table)
	r.progress = progress
	if err := r.run(ctx); err != nil {
		return 0, fmt.Errorf("rebuilding %s: %w", table, err)
	}
	return w.CountRows(ctx, table)
}

func newRebuild(b *broker.Broker, w *warehouse.Warehouse, logger *slog.Logger, table string) *rebuild {
	return &rebuild{broker: b, warehouse: w, table: table, sink: newSink(Config{Cluster: "rebuild"}, w, logger, time.Now), swapped: func() {}}
}

type rebuild struct {
	broker    *broker.Broker
	warehouse *warehouse.Warehouse
	sink      *Sink
	table     string
	progress  func(done, total int64)
	swapped   func() // for tests

	into        string
	skipStored  bool
	open        map[partition]*stream.Batch
	bytes       map[partition]int
	runs        map[partition][]warehouse.Run
	done, total int64
}

func (r *rebuild) run(ctx context.Context) error {
	replayed, err := r.extents(ctx)
	if err != nil {
		return err
	}
	if r.into, err = r.warehouse.Shadow(ctx, r.table); err != nil {
		return err
	}
	if err := r.replay(ctx, replayed); err != nil {
		return err
	}
	if err := r.warehouse.CopyBeyond(ctx, r.table, r.into, r.kept(replayed)); err != nil {
		return err
	}
	if err := r.warehouse.Exchange(ctx, r.table, r.into); err != nil {
		return err
	}
	r.swapped()
	now, err := r.settled(ctx)
	if err != nil {
		return err
	}
	old := r.into
	r.into, r.skipStored = r.table, true
	for p, e := range now {
		e.from = max(e.from, replayed[p].to)
		now[p] = e
	}
	if err := r.replay(ctx, now); err != nil {
		return err
	}
	return r.warehouse.Drop(ctx, old)
}

// extents are those of the topics that the table's rows come from.
func (r *rebuild) extents(ctx context.Context) (map[partition]extent, error) {
	all, err := committedExtents(ctx, r.broker)
	maps.DeleteFunc(all, func(p partition, _ extent) bool {
		t := r.sink.tables
		return !slices.Contains(t.of(p.topic), r.table) && !slices.Contains(t.besides(p.topic), r.table)
	})
	return all, err
}

// replay stores the rows of the extents into r.into.
func (r *rebuild) replay(ctx context.Context, extents map[partition]extent) error {
	r.open, r.bytes, r.runs = map[partition]*stream.Batch{}, map[partition]int{}, map[partition][]warehouse.Run{}
	for _, e := range extents {
		r.total += max(0, e.to-e.from)
	}
	err := readLog(ctx, r.broker, extents, func(record event.Record) error { return r.take(ctx, record) })
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	for p := range r.open {
		if err := r.flush(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *rebuild) take(ctx context.Context, record event.Record) error {
	p := partition{record.Topic, record.Partition}
	b := r.open[p]
	if b == nil {
		b = &stream.Batch{Topic: p.topic, Partition: p.number, From: record.Offset}
		r.open[p] = b
	}
	b.Records = append(b.Records, record)
	b.To = record.Offset + 1
	r.bytes[p] += len(record.Value)
	r.runs[p] = extend(r.runs[p], record.Offset)
	if r.done++; r.progress != nil {
		r.progress(r.done, r.total)
	}
	if len(b.Records) < rebuildRecords && r.bytes[p] < rebuildBytes {
		return nil
	}
	return r.flush(ctx, p)
}

func (r *rebuild) flush(ctx context.Context, p partition) (err error) {
	b := *r.open[p]
	delete(r.open, p)
	r.bytes[p] = 0
	var has stored
	if r.skipStored {
		has.rows, err = r.warehouse.StoredEvents(ctx, []string{r.table}, b.Topic, b.Partition, b.From, b.To)
		if err != nil {
			return err
		}
		has.beside = has.rows
	}
	parts, err := r.sink.blocks(b, has)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if part.table == r.table {
			if err := r.warehouse.Insert(ctx, r.into, r.sink.token(b, part.place), part.block.columns()); err != nil {
				return err
			}
		}
		part.block.release()
	}
	return nil
}

// kept are the rows that were just replayed, and those that the sink stores later.
func (r *rebuild) kept(extents map[partition]extent) []warehouse.Kept {
	var list []warehouse.Kept
	for p, e := range extents {
		list = append(list, warehouse.Kept{Topic: p.topic, Partition: p.number, Runs: r.runs[p], Until: e.to})
	}
	return list
}

// settled waits until what was in hand at the swap is committed: it may have gone into the old table. What is
// announced later goes into the new one.
func (r *rebuild) settled(ctx context.Context) (map[partition]extent, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, busyPatience, ErrBusy)
	defer cancel()
	before, err := inHand(ctx, r.broker)
	for ; err == nil && len(before) > 0; err = broker.Pause(ctx, busyPoll) {
		now, err := inHand(ctx, r.broker)
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(before, func(p partition, plan plan) bool { return now[p] != plan })
	}
	if err != nil {
		return nil, errors.Join(context.Cause(ctx), err)
	}
	return r.extents(ctx)
}

func extend(runs []warehouse.Run, offset int64) []warehouse.Run {
	if n := len(runs); n > 0 && runs[n-1].To == offset {
		runs[n-1].To++
		return runs
	}
	return append(runs, warehouse.Run{From: offset, To: offset + 1})
}
