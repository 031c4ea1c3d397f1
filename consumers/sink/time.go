package sink

import (
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// Times outside are a producer's mistake, and most of what ClickHouse does with dates wraps around beyond them.
const (
	earliestYear = 1970
	latestYear   = 2099
	// The same as seconds since 1970.
	earliestSecond = 0
	endSecond      = 4_102_444_800 // 2100
)

// maxDistance bounds how many partitions one producer can fill where partitions are days: there are 47,000 days within
// the years above, and ClickHouse refuses every insert from 100,000 parts on.
const maxDistance = 5 * 365 * 24 * time.Hour

var errTimeRange = fmt.Errorf("not within the years %d to %d", earliestYear, latestYear)

// microseconds is DateTime64(6, 'UTC'), nanoseconds is DateTime64(9, 'UTC').
func microseconds() proto.ColumnOf[time.Time] { return dateTime(proto.PrecisionMicro) }
func nanoseconds() proto.ColumnOf[time.Time]  { return dateTime(proto.PrecisionNano) }

func dateTime(p proto.Precision) proto.ColumnOf[time.Time] {
	return new(proto.ColDateTime64).WithPrecision(p).WithLocation(time.UTC)
}

// optionalMoment is NULL where the field is absent.
func optionalMoment[T any](name string, of func() proto.ColumnOf[time.Time], get func(T) *timestamppb.Timestamp) column[T] {
	c := value(name, nullable(of), func(m T) proto.Nullable[time.Time] { return stampOrNull(get(m)) })
	c.check = func(m T) error { return checkStamp(name, get(m)) }
	return c
}

// optionalMoments is an array of points in time, each of which may be absent.
func optionalMoments[T, E any](name string, of func() proto.ColumnOf[time.Time], elements func(T) []E, get func(E) *timestamppb.Timestamp) column[T] {
	c := list(name, nullable(of), elements, func(e E) proto.Nullable[time.Time] { return stampOrNull(get(e)) })
	c.check = checkEach(name, elements, get)
	return c
}

func stampOrNull(s *timestamppb.Timestamp) proto.Nullable[time.Time] {
	if s == nil {
		return proto.Null[time.Time]()
	}
	return proto.NewNullable(s.AsTime())
}

func checkEach[T, E any](name string, elements func(T) []E, get func(E) *timestamppb.Timestamp) func(T) error {
	return func(m T) error {
		for _, e := range elements(m) {
			if err := checkStamp(name, get(e)); err != nil {
				return err
			}
		}
		return nil
	}
}

func checkStamp(name string, s *timestamppb.Timestamp) error {
	if s == nil {
		return nil
	}
	if !s.IsValid() {
		return &event.DecodeError{Reason: reasonOutOfRange, Field: name, Err: errors.New("not a valid time")}
	}
	return checkTime(name, s.AsTime())
}

func checkTime(name string, t time.Time) error {
	if inRange(t) {
		return nil
	}
	return &event.DecodeError{Reason: reasonOutOfRange, Field: name, Err: fmt.Errorf("year %d is %w", t.Year(), errTimeRange)}
}

// checkNear compares with the time that the log gave the record, never with the clock: a replay must place alike.
func checkNear(name string, t, logged time.Time) error {
	if t.Sub(logged).Abs() <= maxDistance { // Sub and Abs saturate
		return nil
	}
	return &event.DecodeError{Reason: reasonOutOfRange, Field: name, Err: fmt.Errorf("%s is more than 5 years from the record's %s",
		t.UTC().Format(time.DateOnly), logged.UTC().Format(time.DateOnly))}
}

func inRange(t time.Time) bool {
	year := t.UTC().Year()
	return year >= earliestYear && year <= latestYear
}

// month and day are the partitions of the tables: toYYYYMM and toYYYYMMDD.
func month(t time.Time) int { return t.UTC().Year()*100 + int(t.UTC().Month()) }
func day(t time.Time) int   { return month(t)*100 + t.UTC().Day() }
