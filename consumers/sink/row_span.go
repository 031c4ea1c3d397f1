package sink

import (
	"time"
	"unicode/utf8"

	"github.com/ClickHouse/ch-go/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// previewRunes is how much of the texts spans holds: enough to recognise a span in a list.
const previewRunes = 200

// spareBlocks are kept of the tables of spans, where nearly all records go: as many as full batches are under way at a
// time (bytesAtOnce). A sync.Pool forgets them at every other collection, and making them anew costs as much again.
const spareBlocks = 5

func spans() tableOf[*span] {
	kind := enum[event.SpanKind](event.SpanKind_name, "SPAN_KIND_")
	status := enum[event.StatusCode](event.StatusCode_name, "STATUS_CODE_")
	t := newDailyTable("spans", "start_time", spanStart, spanIDColumns(), []column[*span]{
		value("parent_span_id", text, func(s *span) string { return s.parentSpanID }),
		value("name", lowCardinality, func(s *span) string { return s.name }),
		value("kind", lowCardinality, func(s *span) string { return kind(s.kind) }),
		value("operation", lowCardinality, func(s *span) string { return s.operation }),
		stampColumn("end_time", func(s *span) stamp { return s.end }),
		value("duration_ns", integer64, durationOf),
		optionalStamp("first_token_time", func(s *span) stamp { return s.firstToken }),
		value("status", lowCardinality, func(s *span) string { return status(s.status) }),
		value("status_message", text, func(s *span) string { return s.statusMessage }),
		value("provider", lowCardinality, func(s *span) string { return s.provider }),
		value("model", lowCardinality, func(s *span) string { return s.model }),
		value("input", text, func(s *span) string { return preview(s.input) }),
		value("output", text, func(s *span) string { return preview(s.output) }),
		value("input_bytes", integer32, func(s *span) int32 { return int32(len(s.input)) }),
		value("output_bytes", integer32, func(s *span) int32 { return int32(len(s.output)) }),
		value("attributes", mapOf(text), func(s *span) []pair[string] { return s.attributes }),
		eventTimes("events.time"),
		list("events.name", lowCardinality, spanEvents, func(e spanEvent) string { return e.name }),
		list("events.attributes", mapOf(text), spanEvents, func(e spanEvent) []pair[string] { return e.attributes }),
		value("resource", mapOf(text), func(s *span) []pair[string] { return s.resource }),
		value("thread_id", text, func(s *span) string { return s.threadID }),
		value("query_id", text, func(s *span) string { return s.queryID }),
	}, spanNumberColumns(), []column[*span]{
		value("user_id", text, func(s *span) string { return s.userID }),
		value("session_id", text, func(s *span) string { return s.sessionID }),
		value("environment", lowCardinality, func(s *span) string { return s.environment }),
		words("tags", func(s *span) []string { return s.tags }),
	})
	t.spare = make(chan *blockOf[*span], spareBlocks)
	t.also, t.needed = spansFull(), func(s *span) bool { return s.input != "" || s.output != "" }
	return t
}

// spansFull holds the texts of spans: big blocks compress them better, and reading spans does not read them.
func spansFull() tableOf[*span] {
	t := newDailyTable("spans_full", "start_time", spanStart, spanIDColumns(), []column[*span]{
		value("input", text, func(s *span) string { return s.input }),
		value("output", text, func(s *span) string { return s.output }),
	})
	t.spare = make(chan *blockOf[*span], spareBlocks)
	return t.without("trace_parent")
}

func spanStart(_ event.Event, s *span) time.Time { return s.start.time() }

func spanEvents(s *span) []spanEvent { return s.events }

func spanIDColumns() []column[*span] {
	return []column[*span]{
		value("trace_id", text, func(s *span) string { return s.traceID }),
		value("span_id", text, func(s *span) string { return s.spanID }),
		stampColumn("start_time", func(s *span) stamp { return s.start }),
	}
}

func spanNumberColumns() []column[*span] {
	cost := value("cost", nullable(dollars), func(s *span) proto.Nullable[proto.Decimal64] {
		if !s.priced {
			return proto.Null[proto.Decimal64]()
		}
		return proto.NewNullable(proto.Decimal64(s.picoUSD))
	})
	cost.check = func(s *span) error { return checkPicoUSD(s.picoUSD) }
	return []column[*span]{
		value("input_tokens", integer64, func(s *span) int64 { return s.inputTokens }),
		value("output_tokens", integer64, func(s *span) int64 { return s.outputTokens }),
		value("cache_read_input_tokens", integer64, func(s *span) int64 { return s.cacheReadTokens }),
		value("cache_creation_input_tokens", integer64, func(s *span) int64 { return s.cacheCreationTokens }),
		value("reasoning_output_tokens", integer64, func(s *span) int64 { return s.reasoningTokens }),
		cost,
		value("price_table", lowCardinality, func(s *span) string { return s.priceTable }),
	}
}

// durationOf is below zero where clocks went backwards. Both times are within 1970 to 2099, so it fits.
func durationOf(s *span) int64 { return s.end.unixNano() - s.start.unixNano() }

// preview cuts a text to previewRunes characters.
func preview(s string) string {
	if len(s) <= previewRunes {
		return s
	}
	end := 0
	for range previewRunes {
		_, size := utf8.DecodeRuneInString(s[end:])
		if size == 0 {
			break
		}
		end += size
	}
	return s[:end]
}

// stampColumn is a required point in time.
func stampColumn(name string, get func(*span) stamp) column[*span] {
	return column[*span]{
		name: name,
		start: func() (proto.ColInput, func(event.Event, *span)) {
			c := new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano).WithLocation(time.UTC)
			return c, func(_ event.Event, s *span) { c.AppendRaw(proto.DateTime64(get(s).unixNano())) }
		},
		check: func(s *span) error { return get(s).check(name) },
	}
}

// optionalStamp is NULL where the time is absent.
func optionalStamp(name string, get func(*span) stamp) column[*span] {
	c := value(name, nullable(nanoseconds), func(s *span) proto.Nullable[time.Time] {
		if at := get(s); at.set {
			return proto.NewNullable(at.time())
		}
		return proto.Null[time.Time]()
	})
	c.check = func(s *span) error { return get(s).check(name) }
	return c
}

// eventTimes is an array of points in time. An absent one is the epoch.
func eventTimes(name string) column[*span] {
	c := list(name, nanoseconds, spanEvents, func(e spanEvent) time.Time { return e.time.time() })
	c.check = func(s *span) error {
		for _, e := range s.events {
			if err := e.time.check(name); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (s stamp) unixNano() int64 { return s.seconds*1e9 + int64(s.nanos) }

// check is checkStamp, quick for what is in range.
func (s stamp) check(name string) error {
	if s.sound() || !s.set {
		return nil
	}
	return checkStamp(name, &timestamppb.Timestamp{Seconds: s.seconds, Nanos: s.nanos})
}
