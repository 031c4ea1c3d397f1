package sink

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// nativeOf is the block that ClickHouse gets for one row, and for the row beside it.
func nativeOf(t testing.TB, r row) []byte {
	t.Helper()
	var buf chproto.Buffer
	for _, home := range []table{r.table, r.table.beside(r)} {
		if home == nil {
			continue
		}
		b := home.block()
		b.add(r)
		buf.PutString(home.name())
		require.NoError(t, chproto.Block{Columns: len(b.columns()), Rows: 1}.EncodeBlock(&buf, 0, b.columns()))
	}
	return buf.Buf
}

// requireSameRow holds the short way against the protobuf runtime's. It says whether the short way was taken.
func requireSameRow(t testing.TB, tables tables, r event.Record) bool {
	t.Helper()
	_, _, short := new(spanDecoder).decode(r)
	quick, slow := tables.placeQuickly(r, &spanDecoder{}), tables.place(r)
	require.Equal(t, slow.table.name(), quick.table.name())
	require.True(t, bytes.Equal(nativeOf(t, slow), nativeOf(t, quick)), "the rows differ for %x", r.Value)
	return short
}

func goldenSpan(t testing.TB) event.Record {
	t.Helper()
	r := golden(t, spanType)
	r.Topic = topic.Spans
	e, err := topic.Decode(r)
	require.NoError(t, err)
	r = encoded(t, e)
	r.Timestamp = e.Time
	return r
}

// field is a field that is put behind a golden span.
func extra(number protowire.Number, data ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(data...))
}

func varint(number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
}

func attr(key string, value []byte) []byte { return extra(17, extra(1, []byte(key)), value) }

// appendices are what encoders may write and what they must not.
func appendices() map[string][]byte {
	return map[string][]byte{
		"nothing":               nil,
		"field of the future":   slices.Concat(extra(900, []byte("x")), varint(901, 7), protowire.AppendFixed32(protowire.AppendTag(nil, 902, protowire.Fixed32Type), 1)),
		"group":                 protowire.AppendGroup(protowire.AppendTag(nil, 903, protowire.StartGroupType), 903, varint(1, 1)),
		"name twice":            extra(4, []byte("other name")),
		"blank name":            extra(4, []byte(" ")),
		"name of another blank": extra(4, []byte("\u00a0")),
		"no trace":              extra(1),
		"trace of zeros":        extra(1, bytes.Repeat([]byte("0"), 32)),
		"upper-case span":       extra(2, []byte("00F067AA0BA902B7")),
		"usage merged":          extra(13, varint(2, 5)),
		"cost emptied":          extra(14),
		"cost beyond":           extra(14, varint(1, 1<<62)),
		"time merged":           extra(7, varint(2, 5)),
		"time before 1970":      extra(7, varint(1, ^uint64(0))),
		"time with bad nanos":   extra(8, varint(2, 2_000_000_000)),
		"first token emptied":   extra(23),
		"attribute twice":       slices.Concat(attr("k", extra(2, extra(1, []byte("a")))), attr("k", extra(2, varint(2, 9)))),
		"attribute of two":      attr("k", slices.Concat(extra(2, extra(1, []byte("a"))), extra(2, varint(4, 2)))),
		"attribute without key": extra(17, extra(2, extra(5, []byte("{}")))),
		"attribute not set":     attr("k", extra(2)),
		"attribute NaN":         attr("k", extra(2, protowire.AppendFixed64(protowire.AppendTag(nil, 3, protowire.Fixed64Type), 0x7ff8000000000001))),
		"attribute negative":    attr("k", extra(2, varint(2, ^uint64(0)))),
		"attributes reversed":   slices.Concat(attr("b", nil), attr("a", nil)),
		"resource twice":        slices.Concat(extra(19, extra(1, []byte("a")), extra(2, []byte("1"))), extra(19, extra(1, []byte("a")))),
		"event":                 extra(18, extra(2, []byte("e")), extra(3, extra(1, []byte("k")), extra(2, varint(2, 3)))),
		"event out of range":    extra(18, extra(1, varint(1, 1<<40))),
		"many tags":             bytes.Repeat(extra(22, extra(4, []byte("t"))), 70),
		"long user":             extra(22, extra(1, bytes.Repeat([]byte("u"), 600))),
		"bad UTF-8":             extra(15, []byte("\xff")),
		"bad UTF-8 in a key":    attr("\xff", nil),
		"wrong wire type":       varint(4, 1),
		"kind of the future":    varint(5, 99),
		"negative kind":         varint(5, ^uint64(0)),
		"field number zero":     varint(0, 1),
		"long varint":           append(protowire.AppendTag(nil, 5, protowire.VarintType), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"padded varint":         append(protowire.AppendTag(nil, 5, protowire.VarintType), 0x82, 0x80, 0x00),
		"cut short":             {0x7a, 0x05, 'a'},
		"length beyond":         {0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f},
	}
}

func TestShortWayGivesTheRuntimesRow(t *testing.T) {
	t.Parallel()
	for name, more := range appendices() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := goldenSpan(t)
			r.Value = slices.Concat(r.Value, more)
			requireSameRow(t, newTables(), r)
		})
	}
}

func TestShortWayIsTakenBySoundSpans(t *testing.T) {
	t.Parallel()
	r := goldenSpan(t)
	require.True(t, requireSameRow(t, newTables(), r))
	r.Value = append(r.Value, appendices()["field of the future"]...)
	require.True(t, requireSameRow(t, newTables(), r))
	for _, record := range spanLog(t, 20, 200, 100).records {
		require.True(t, requireSameRow(t, newTables(), record))
	}
}

func TestShortWayReadsTheEnvelopeAsTheContractDoes(t *testing.T) {
	t.Parallel()
	for _, h := range []event.Header{
		header("ce_id", ""), header("ce_id", "\xff"), header("ce_id", string(bytes.Repeat([]byte("x"), 201))), header("ce_id", "second"),
		header("ce_type", "query.asked.v1"), header("ce_type", ""), header("ce_subject", ""), header("ce_subject", "\xff"),
		header("ce_source", "\xff"), header("ce_time", "yesterday"), header("ce_time", "9999-01-01T00:00:00Z"),
		header("ce_time", "2026-11-20T10:30:00+01:00"), header("content-type", "application/json"), header("content-type", "APPLICATION/PROTOBUF; a=b"),
		header("traceparent", "\xff"), header("x-other", "x"),
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprint(h.Key, " ", string(h.Value), " ", before), func(t *testing.T) {
				t.Parallel()
				r := goldenSpan(t)
				if before {
					r.Headers = append([]event.Header{h}, r.Headers...)
				} else {
					r.Headers = append(slices.DeleteFunc(r.Headers, func(o event.Header) bool { return o.Key == h.Key }), h)
				}
				requireSameRow(t, newTables(), r)
			})
		}
	}
	r := goldenSpan(t)
	r.Headers = nil
	require.False(t, requireSameRow(t, newTables(), r))
	r = goldenSpan(t)
	r.Key = []byte{0xff}
	require.False(t, requireSameRow(t, newTables(), r))
}

func TestShortWaySurvivesMutations(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	taken, tables, sound, all := 0, newTables(), goldenSpan(t), appendices()
	for range 5_000 {
		r := sound
		r.Value = slices.Clone(r.Value)
		for range 1 + random.IntN(3) {
			mutate(random, all, &r)
		}
		if requireSameRow(t, tables, r) {
			taken++
		}
	}
	require.Greater(t, taken, 250, "the mutations leave too little to compare")
}

func mutate(random *rand.Rand, all map[string][]byte, r *event.Record) {
	at := random.IntN(len(r.Value) + 1)
	switch random.IntN(4) {
	case 0:
		if at < len(r.Value) {
			r.Value[at] = byte(random.IntN(256))
		}
	case 1:
		r.Value = slices.Insert(r.Value, at, byte(random.IntN(256)))
	case 2:
		r.Value = slices.Delete(r.Value, at, min(len(r.Value), at+1))
	default:
		names := make([]string, 0, len(all))
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
		r.Value = append(r.Value, all[names[random.IntN(len(names))]]...)
	}
}

func FuzzShortWay(f *testing.F) {
	r := goldenSpan(f)
	for _, more := range appendices() {
		f.Add(slices.Concat(r.Value, more))
	}
	empty, err := proto.Marshal(&event.SpanEnded{})
	require.NoError(f, err)
	f.Add(empty)
	tables := newTables()
	f.Fuzz(func(t *testing.T, value []byte) {
		r := r
		r.Value = value
		requireSameRow(t, tables, r)
	})
}
