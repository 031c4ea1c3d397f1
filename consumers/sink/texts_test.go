package sink

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/schemas/clickhouse"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// spanLogOf is a partition of spans with the given inputs; every second has an output as well.
func spanLogOf(t testing.TB, inputs ...string) *log {
	t.Helper()
	l := &log{topic: topic.Spans}
	for i, input := range inputs {
		data := call(i+1, event.SpanKind_SPAN_KIND_LLM, "m", nil)
		data.Input = input
		if i%2 == 1 {
			data.Output = "the output of " + input
		}
		l.add(encoded(t, event.Event{ID: trace(i), Type: event.TypeOf(data), Source: "test", Tenant: "acme", Time: noon, Data: data}))
	}
	return l
}

func TestSpansHoldPreviewsAndSpansFullTheWholeTexts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("ä", 300) + " valve"
	require.NoError(t, b.HandleBatch(t.Context(), spanLogOf(t, "short", long).all()))
	require.Equal(t, []string{`{"runes":5,"input_bytes":5,"output_bytes":0}`, `{"runes":200,"input_bytes":606,"output_bytes":620}`},
		b.rows(t, "SELECT lengthUTF8(input) AS runes, input_bytes, output_bytes FROM spans ORDER BY _offset"))
	require.Equal(t, "1", b.one(t, "SELECT count() FROM spans_full WHERE hasToken(lower(input), 'valve')"))
	require.Equal(t, "1", b.one(t, "SELECT isValidUTF8(input) FROM spans WHERE input_bytes = 606"))

	got, err := b.warehouse.Trace(t.Context(), trace(2))
	require.NoError(t, err)
	require.Equal(t, long, got.Spans[0].Input)
}

func TestSpanWithoutTextIsNotInSpansFull(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.HandleBatch(t.Context(), spanLogOf(t, "", "b", "", "d").all()))
	require.Equal(t, "[1,3]", b.one(t, "SELECT groupArray(_offset) FROM (SELECT _offset FROM spans_full ORDER BY _offset)"))
}

// A crash between the two inserts, after the window of the tokens was outgrown, and by a process that starts anew.
func TestTextsThatACrashLeftOutAreStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := spanLogOf(t, "a", "b", "c", "d")
	r := &recording{after: func(table, _ string) error {
		if table == "spans" {
			return errLost
		}
		return nil
	}}
	require.ErrorIs(t, b.recorded(t, r).HandleBatch(t.Context(), l.all()), errLost)
	require.Equal(t, "[4,0]", b.one(t, "SELECT [(SELECT count() FROM spans), (SELECT count() FROM spans_full)]"))
	for _, table := range []string{"spans", "spans_full"} {
		_, err := b.warehouse.Table(t.Context(), "ALTER TABLE "+table+" MODIFY SETTING non_replicated_deduplication_window = 0")
		require.NoError(t, err)
	}
	for range 2 {
		require.NoError(t, newSink(config(t), b.store, b.logger, time.Now).HandleBatch(t.Context(), l.batch(0, 4, true)))
	}
	require.Equal(t, "[4,4]", b.one(t, "SELECT [(SELECT count() FROM spans), (SELECT count() FROM spans_full)]"))
}

// A database of the version before keeps its texts, and a migration that was cut short goes on.
func TestTextsOfAnOlderDatabaseAreMoved(t *testing.T) {
	t.Parallel()
	b := open(t, enginetest.Start(t))
	script := func(name string) {
		text, err := fs.ReadFile(clickhouse.Files, name)
		require.NoError(t, err)
		for _, statement := range strings.Split(string(text), ";\n") {
			if strings.TrimSpace(statement) != "" {
				_, err := b.warehouse.Table(t.Context(), statement)
				require.NoError(t, err)
			}
		}
	}
	script("migrations/0003_spans.sql")
	old := strings.Repeat("word ", 100)
	require.NoError(t, b.warehouse.Insert(t.Context(), "spans", "t", proto.Input{
		{Name: "event_id", Data: texts1("a", "b")}, {Name: "input", Data: texts1(old, "")}, {Name: "start_time", Data: times(noon, noon)},
	}))
	script("migrations/0015_spans_full.sql")
	script("migrations/0015_spans_full.sql")
	require.Equal(t, []string{`{"event_id":"a","n":200,"input_bytes":500}`, `{"event_id":"b","n":0,"input_bytes":0}`},
		b.rows(t, "SELECT event_id, length(input) AS n, input_bytes FROM spans ORDER BY event_id"))
	require.Equal(t, []string{`{"event_id":"a","same":1}`}, b.rows(t, "SELECT event_id, input = repeat('word ', 100) AS same FROM spans_full"))
}

func texts1(values ...string) proto.ColInput {
	c := text()
	for _, v := range values {
		c.Append(v)
	}
	return c
}

func times(values ...time.Time) proto.ColInput {
	c := nanoseconds()
	for _, v := range values {
		c.Append(v)
	}
	return c
}

// The rollups are part of the tables' parts, so there is nothing that a retry could store twice.
func TestRollupsAreReadAndEqualTheRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := &story{b: b, t: t, logs: map[string]*log{}}
	for i := range 50 {
		failed := call(i+1, event.SpanKind_SPAN_KIND_LLM, "m", &event.Cost{PicoUsd: 3})
		failed.StartTime = timestamppb.New(noon.Add(time.Duration(i) * 20 * time.Second))
		if i%5 == 0 {
			failed.Status = event.StatusCode_STATUS_CODE_ERROR
		}
		s.happened(failed)
		s.happened(score(i+1, "grounding", float64(i)/50, event.Direction_DIRECTION_HIGHER_IS_BETTER))
		s.happened(&event.AnswerGiven{QueryId: "q", ThreadId: "t", Model: "m", TotalTimeMs: int64(i), State: event.AnswerState_ANSWER_STATE_ANSWERED})
	}
	s.stored()
	// Again, as by a group that was rewound.
	for _, l := range s.logs {
		require.NoError(t, newSink(config(t), b.store, b.logger, time.Now).HandleBatch(t.Context(), l.batch(0, len(l.records), true)))
	}
	for _, unit := range []string{"minute", "hour"} {
		for table, n := range map[string]string{"spans": "spans", "answers": "answers", "scores": "scores"} {
			read := "SELECT * FROM " + table + "_per_" + unit + " ORDER BY ALL SETTINGS "
			rollup := b.rows(t, read+"force_optimize_projection = 1")
			require.Equal(t, b.rows(t, read+"optimize_use_projections = 0"), rollup, table)
			require.Equal(t, "100", b.one(t, "SELECT sum("+n+") FROM "+table+"_per_"+unit))
		}
	}
}
