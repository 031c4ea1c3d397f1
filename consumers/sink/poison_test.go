package sink

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func header(key, value string) event.Header { return event.Header{Key: key, Value: []byte(value)} }

func TestWhatIsNoEventIsStoredRawBesideItsNeighbours(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	b.handled(t, topic.Queries,
		asked(t, "a", "before", now),
		event.Record{Value: []byte(`{"text":`)},
		event.Record{Value: []byte("\xff\xfe\x00"), Headers: []event.Header{header("content-type", event.ContentTypeProtobuf)}},
		event.Record{Value: []byte{0xff, 0xfe}, Key: []byte{0xff}, Headers: []event.Header{header("x", "\xff"), header("x", "again")}},
		event.Record{Value: nil},
		event.Record{Value: []byte{}},
		event.Record{Value: []byte(`{"text":"  "}`)},
		event.Record{Value: []byte(`{"text":"x"}`), Headers: []event.Header{header("ce_type", "query.asked.v99")}},
		event.Record{Value: []byte(`{"text":"x"}`), Headers: []event.Header{header("ce_type", "answer.given.v1")}},
		event.Record{Value: append([]byte(`{"text":"`), bytes.Repeat([]byte("x"), event.MaxValueBytes)...)},
		event.Record{Value: []byte(strings.Repeat("[", 20_000))},
		asked(t, "b", "after", now),
	)
	require.Equal(t, `["before","after"]`, b.one(t, "SELECT groupArray(text) FROM (SELECT text FROM queries ORDER BY _offset)"))
	requireGolden(t, "raw_records.jsonl", []byte(strings.Join(b.rows(t,
		"SELECT _offset, type, reason, message, hex(key) AS key, length(value) AS bytes, value_is_null, "+
			"arrayMap((k, v) -> concat(k, '=', hex(v)), mapKeys(headers), mapValues(headers)) AS headers, time "+
			"FROM raw_records ORDER BY _offset"), "\n")+"\n"))
	require.Equal(t, "12", b.one(t, "SELECT distinct_offsets FROM records_per_topic"))
}

// Each of these is a sound event that ClickHouse would refuse, or store as something else.
func TestValueThatNoColumnHoldsIsStoredRaw(t *testing.T) {
	t.Parallel()
	b := setup(t)
	span := func(edit func(*event.SpanEnded)) event.Record {
		r := golden(t, "span.ended.v1")
		r.Topic = topic.Spans
		e, err := topic.Decode(r)
		require.NoError(t, err)
		edit(e.Data.(*event.SpanEnded))
		return encoded(t, e)
	}
	year := func(y int) *timestamppb.Timestamp { return timestamppb.New(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)) }
	b.handled(t, topic.Spans,
		span(func(s *event.SpanEnded) { s.EndTime = year(9999) }),
		span(func(s *event.SpanEnded) { s.StartTime = year(1) }),
		span(func(s *event.SpanEnded) { s.FirstTokenTime = &timestamppb.Timestamp{Seconds: 1, Nanos: -5} }),
		span(func(s *event.SpanEnded) { s.Events[0].Time = year(2100) }),
		span(func(s *event.SpanEnded) { s.Cost.PicoUsd = math.MaxInt64 }),
		span(func(s *event.SpanEnded) { s.Cost.PicoUsd = maxPicoUSD }),
		span(func(s *event.SpanEnded) { s.Events[0].Time = nil }),
	)
	require.Equal(t, []string{
		`{"message":"out_of_range: field end_time: year 9999 is not within the years 1970 to 2099"}`,
		`{"message":"out_of_range: field start_time: year 1 is not within the years 1970 to 2099"}`,
		`{"message":"out_of_range: field first_token_time: not a valid time"}`,
		`{"message":"out_of_range: field events.time: year 2100 is not within the years 1970 to 2099"}`,
		`{"message":"out_of_range: field cost: 9223372036854775807 picodollars are a million dollars or more"}`,
	}, b.rows(t, "SELECT message FROM raw_records ORDER BY _offset"))
	require.Equal(t, []string{
		`{"cost":999999.999999999999,"at":"2026-11-20 09:30:01.000000000"}`,
		`{"cost":0.0001234,"at":"1970-01-01 00:00:00.000000000"}`,
	}, b.rows(t, "SELECT cost, events.time[1] AS at FROM spans ORDER BY _offset"))

	late := asked(t, "late", "year 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	late.Timestamp = time.Time{} // the log's own time is sound
	b.handled(t, topic.Queries, late,
		event.Record{Value: []byte(`{"text":"x"}`), Timestamp: time.UnixMilli(math.MaxInt64)},
	)
	require.Equal(t, []string{
		`{"reason":"out_of_range","time":"2026-11-20 09:30:01.000000"}`,
		`{"reason":"out_of_range","time":"1970-01-01 00:00:00.000000"}`,
	}, b.rows(t, "SELECT reason, time FROM raw_records WHERE _topic = 'ragline.queries' ORDER BY _offset"))
}

// There are 47,000 days from 1970 to 2099, and each that a producer names would be a partition for good.
func TestDayFarFromTheLogsTimeIsStoredRaw(t *testing.T) {
	t.Parallel()
	logged := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	placed := func(name string, data proto.Message, at time.Time) row {
		r := encoded(t, event.Event{ID: "e", Type: event.TypeOf(data), Source: "test", Tenant: "acme", Time: at, Data: data})
		r.Topic, r.Timestamp = name, logged
		return newTables().place(r)
	}
	span := func(start time.Time) *event.SpanEnded {
		return &event.SpanEnded{
			TraceId: strings.Repeat("a", 32), SpanId: strings.Repeat("b", 16), Name: "n",
			StartTime: timestamppb.New(start), EndTime: timestamppb.New(logged),
		}
	}
	for at, fits := range map[time.Time]bool{
		logged.Add(-maxDistance):                      true,
		logged.Add(maxDistance):                       true,
		logged.Add(-maxDistance - time.Second):        false,
		logged.Add(maxDistance + time.Second):         false,
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC):   false,
		time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC): false,
	} {
		require.Equal(t, fits, placed(topic.Spans, span(at), logged).table.name() == "spans", at)
		require.Equal(t, fits, placed(topic.AnswerChunks, &event.AnswerChunk{QueryId: "q"}, at).table.name() == "answer_chunks", at)
	}

	raw := placed(topic.Spans, span(logged.AddDate(-20, 0, 0)), logged).data.(rawRecord)
	require.Equal(t, reasonOutOfRange, raw.reason)
	require.Equal(t, "out_of_range: field start_time: 2006-11-24 is more than 5 years from the record's 2026-11-24", raw.message)
}

func TestNumbersThatAreNoneAreStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := golden(t, "score.given.v1")
	r.Topic = topic.Scores
	e, err := topic.Decode(r)
	require.NoError(t, err)
	var records []event.Record
	for i, v := range []*float64{proto.Float64(math.NaN()), proto.Float64(math.Inf(1)), nil, proto.Float64(0.5)} {
		e.ID = string(rune('a' + i))
		e.Data.(*event.ScoreGiven).Value = v
		records = append(records, encoded(t, e))
	}
	b.handled(t, topic.Scores, records...)
	require.Equal(t, []string{`{"scores":4,"with_value":1,"mean":0.5}`}, b.rows(t, "SELECT scores, with_value, mean FROM score_means"))
}

func TestUnknownEnumNumberIsKept(t *testing.T) {
	t.Parallel()
	name := enum[event.SpanKind](event.SpanKind_name, "SPAN_KIND_")
	require.Equal(t, "llm", name(event.SpanKind_SPAN_KIND_LLM))
	require.Empty(t, name(event.SpanKind_SPAN_KIND_UNSPECIFIED))
	require.Equal(t, "99", name(99))
}

func deadLetterOf(r event.Record, group, reason string) event.Record {
	r.Headers = append(r.Headers,
		header(stream.HeaderOrigTopic, topic.Queries), header(stream.HeaderOrigPartition, "3"), header(stream.HeaderOrigOffset, "41"),
		header(stream.HeaderOrigTimestamp, "2026-11-20T09:30:00.5Z"), header(stream.HeaderAttempt, "5"),
		header(stream.HeaderFirstFailedAt, "2026-11-20T09:30:01Z"), header(stream.HeaderErrorClass, reason),
		header(stream.HeaderErrorMsg, "the model is away"), header(stream.HeaderCodeVersion, "v1"), header(stream.HeaderConsumer, group),
	)
	return r
}

func TestDeadLetterIsStoredWithItsReason(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := deadLetterOf(golden(t, "query.asked.v1"), "agent", "handler_failed")
	b.handled(t, topic.DeadLetters("agent"), r, event.Record{Key: []byte("k"), Value: []byte("stray")})
	result, err := b.warehouse.Table(t.Context(), "SELECT * EXCEPT (value, headers), length(value) > 0 AS has_value, mapContains(headers, 'ce_id') AS has_id, "+
		"mapContains(headers, 'x-consumer') AS has_why FROM dead_letters")
	require.NoError(t, err)
	requireGolden(t, "dead_letter.json", pretty(t, result))
	require.Equal(t, []string{`{"_topic":"ragline.dlq.agent","reason":"not_a_dead_letter","value":"stray"}`},
		b.rows(t, "SELECT _topic, reason, value FROM raw_records"))
}

// A text far beyond what Kafka takes by default, attribute names that come twice, and a version that is still to come.
func TestHostileSpansAreStoredBesideTheirNeighbours(t *testing.T) {
	t.Parallel()
	b := setup(t)
	json := func(attributes string) event.Record {
		r := golden(t, spanType)
		r.Value = bytes.Replace(r.Value, []byte(`"attributes": {`), []byte(`"attributes": {`+attributes), 1)
		return r
	}
	huge := goldenSpan(t)
	huge.Value = append(huge.Value, extra(15, bytes.Repeat([]byte("x"), 20<<20))...)
	future := goldenSpan(t)
	for i, h := range future.Headers {
		if h.Key == event.HeaderType {
			future.Headers[i].Value = []byte("span.ended.v2")
		}
	}
	twice := goldenSpan(t)
	twice.Value = append(twice.Value, append(attr("k", extra(2, extra(1, []byte("a")))), attr("k", extra(2, extra(1, []byte("b"))))...)...)
	zero := goldenSpan(t)
	zero.Value = append(zero.Value, extra(16, []byte("a\x00b"))...)
	b.handled(t, topic.Spans, goldenSpan(t), huge, json(`"k": {"stringValue": "a"}, "k": {"stringValue": "b"},`), twice, future, zero, goldenSpan(t))
	require.Equal(t, []string{
		`{"_offset":1,"reason":"oversized","bytes":20971520}`, `{"_offset":2,"reason":"invalid_json","bytes":0}`, `{"_offset":4,"reason":"unknown_type","bytes":0}`,
	}, b.rows(t, "SELECT _offset, reason, length(value) DIV 1048576 * 1048576 AS bytes FROM raw_records ORDER BY _offset"))
	require.Equal(t, []string{`{"_offset":0,"k":""}`, `{"_offset":3,"k":"b"}`, `{"_offset":5,"k":""}`, `{"_offset":6,"k":""}`},
		b.rows(t, "SELECT _offset, attributes['k'] AS k FROM spans ORDER BY _offset"))
	require.Equal(t, "3", b.one(t, "SELECT length(output) FROM spans_full WHERE _offset = 5"))
}
