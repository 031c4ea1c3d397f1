package sink

import (
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// FuzzEveryRecordHasARow feeds any bytes: each record must become one row that can be encoded, and the same one again.
func FuzzEveryRecordHasARow(f *testing.F) {
	for _, d := range event.Definitions() {
		r := golden(f, d.Type)
		e, err := topic.Decode(event.Record{Topic: topic.For(d.Type), Key: r.Key, Value: r.Value, Headers: r.Headers})
		require.NoError(f, err)
		f.Add(topic.For(d.Type), d.Type, "application/json", r.Key, r.Value, int64(0))
		f.Add(topic.For(d.Type), d.Type, "application/protobuf", r.Key, encoded(f, e).Value, int64(0))
	}
	f.Add(topic.DeadLetters("x"), "", "", []byte{0xff}, []byte(nil), int64(1)<<62)
	tables := newTables()
	f.Fuzz(func(t *testing.T, name, typ, contentType string, key, value []byte, at int64) {
		r := event.Record{
			Topic: name, Key: key, Value: value, Timestamp: time.UnixMilli(at),
			Headers: []event.Header{header("ce_type", typ), header("content-type", contentType), header("ce_time", string(key))},
		}
		placed := tables.place(r)
		require.NotNil(t, placed.table)
		require.NoError(t, placed.table.check(placed, r.Timestamp))
		b := placed.table.block()
		b.add(placed)
		var buf proto.Buffer
		require.NoError(t, proto.Block{Columns: len(b.columns()), Rows: 1}.EncodeBlock(&buf, 0, b.columns()))

		again := tables.place(r)
		require.Equal(t, placed.table.name(), again.table.name())
		require.Equal(t, placed.event.ID, again.event.ID)
		require.Equal(t, placed.table.partition(placed), again.table.partition(again))
	})
}
