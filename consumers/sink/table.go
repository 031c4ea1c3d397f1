package sink

import (
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/ragline/ragline/schemas/event"
)

// table is how rows of one ClickHouse table are made.
type table interface {
	name() string
	// check reports a value that no column can hold, and a day that is far from the time that the log gave the record.
	check(r row, logged time.Time) error
	// partition is the table partition that ClickHouse puts the row into.
	partition(row) int
	// dated is the time that the row ages by.
	dated(row) time.Time
	// block returns an empty block.
	block() block
	// beside is the table that holds more of the row, under the same position, or nil.
	beside(row) table
}

// block collects rows.
type block interface {
	add(row)
	columns() proto.Input
	// release gives the block back once nothing reads it any more: columns that have grown are worth keeping.
	release()
}

// row is what a record became: its envelope, and the data that its table's columns read.
type row struct {
	table table
	event event.Event
	data  any
}

// tableOf is the table whose rows are made of a T.
type tableOf[T any] struct {
	title string
	cols  []column[T]
	// split is the table's PARTITION BY.
	split  func(event.Event, T) int
	checks []func(T) error
	// daily is the time whose day is the partition, where partitions are days.
	daily     func(event.Event, T) time.Time
	dailyName string
	// also holds more of the rows for which needed is true.
	also   table
	needed func(T) bool
	// spare holds empty blocks, none by default.
	spare chan *blockOf[T]
}

// newTable puts the envelope before and the position after the columns.
func newTable[T any](name string, split func(event.Event, T) int, columns ...[]column[T]) tableOf[T] {
	t := tableOf[T]{title: name, split: split}
	t.cols = slices.Concat(envelopeColumns[T](), slices.Concat(columns...), positionColumns[T]())
	for _, c := range t.cols {
		if c.check != nil {
			t.checks = append(t.checks, c.check)
		}
	}
	return t
}

// newDailyTable is newTable with a partition for each day of the named time.
func newDailyTable[T any](name, timeName string, of func(event.Event, T) time.Time, columns ...[]column[T]) tableOf[T] {
	t := newTable(name, func(e event.Event, m T) int { return day(of(e, m)) }, columns...)
	t.daily, t.dailyName = of, timeName
	return t
}

func envelopeColumns[T any]() []column[T] {
	return []column[T]{
		attribute[T]("event_id", text, func(e event.Event) string { return e.ID }),
		attribute[T]("time", microseconds, func(e event.Event) time.Time { return e.Time }),
		attribute[T]("tenant", lowCardinality, func(e event.Event) string { return e.Tenant }),
		attribute[T]("source", lowCardinality, func(e event.Event) string { return e.Source }),
		attribute[T]("trace_parent", text, func(e event.Event) string { return e.TraceParent }),
	}
}

func positionColumns[T any]() []column[T] {
	return []column[T]{
		attribute[T]("_topic", lowCardinality, func(e event.Event) string { return e.Position.Topic }),
		attribute[T]("_partition", integer32, func(e event.Event) int32 { return e.Position.Partition }),
		attribute[T]("_offset", integer64, func(e event.Event) int64 { return e.Position.Offset }),
	}
}

func typeColumn[T any]() column[T] {
	return attribute[T]("type", lowCardinality, func(e event.Event) string { return e.Type })
}

// byMonth is the usual partition.
func byMonth[T any](e event.Event, _ T) int { return month(e.Time) }

func eventTime[T any](e event.Event, _ T) time.Time { return e.Time }

// without leaves a column out.
func (t tableOf[T]) without(name string) tableOf[T] {
	t.cols = slices.DeleteFunc(slices.Clone(t.cols), func(c column[T]) bool { return c.name == name })
	return t
}

func (t tableOf[T]) name() string { return t.title }

func (t tableOf[T]) check(r row, logged time.Time) error {
	if err := checkTime("time", r.event.Time); err != nil {
		return err
	}
	for _, check := range t.checks {
		if err := check(r.data.(T)); err != nil {
			return err
		}
	}
	if t.daily == nil {
		return nil
	}
	return checkNear(t.dailyName, t.daily(r.event, r.data.(T)), logged)
}

func (t tableOf[T]) partition(r row) int { return t.split(r.event, r.data.(T)) }

func (t tableOf[T]) dated(r row) time.Time {
	if t.daily == nil {
		return r.event.Time
	}
	return t.daily(r.event, r.data.(T))
}

func (t tableOf[T]) beside(r row) table {
	if t.also == nil || !t.needed(r.data.(T)) {
		return nil
	}
	return t.also
}

func (t tableOf[T]) block() block {
	select {
	case b := <-t.spare:
		return b
	default:
	}
	b := &blockOf[T]{input: make(proto.Input, len(t.cols)), appends: make([]func(event.Event, T), len(t.cols)), home: t.spare}
	for i, c := range t.cols {
		b.input[i].Name = c.name
		b.input[i].Data, b.appends[i] = c.start()
	}
	return b
}

type blockOf[T any] struct {
	input   proto.Input
	appends []func(event.Event, T)
	home    chan<- *blockOf[T]
}

func (b *blockOf[T]) add(r row) {
	data := r.data.(T)
	for _, add := range b.appends {
		add(r.event, data)
	}
}

func (b *blockOf[T]) columns() proto.Input { return b.input }

func (b *blockOf[T]) release() {
	b.input.Reset()
	select {
	case b.home <- b:
	default:
	}
}
