package sink

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// spanLog is a batch of spans: 5 attributes and input and output of the given sizes.
func spanLog(b testing.TB, rows, input, output int) *log {
	b.Helper()
	words := strings.Repeat("the valve shall be tested at ambient temperature with helium ", 100)
	l := &log{topic: topic.Spans}
	for i := range rows {
		start := time.Date(2026, 11, 24, 12, 0, 0, i*1000, time.UTC)
		data := &event.SpanEnded{
			TraceId: fmt.Sprintf("%032x", i/8+1), SpanId: fmt.Sprintf("%016x", i+1), Name: "chat gpt-5-mini",
			Kind: event.SpanKind_SPAN_KIND_LLM, Operation: "chat", Provider: "openai", Model: "gpt-5-mini",
			StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(time.Second)), Status: event.StatusCode_STATUS_CODE_OK,
			Usage: &event.Usage{InputTokens: int64(i), OutputTokens: 64}, Cost: &event.Cost{PicoUsd: int64(i) * 1000, PriceTable: "2026-11"},
			Input: words[i%50:][:input], Output: words[i%50:][:output],
			Attributes: map[string]*event.AttributeValue{}, ThreadId: fmt.Sprint("thread-", i/8), QueryId: fmt.Sprint("query-", i/8),
			Origin: &event.Origin{UserId: fmt.Sprint("user-", i%100), SessionId: fmt.Sprint("session-", i%1000), Environment: "production", Tags: []string{"web"}},
		}
		for a := range 5 {
			data.Attributes[fmt.Sprint("gen_ai.attribute.", a)] = &event.AttributeValue{Value: &event.AttributeValue_IntValue{IntValue: int64(i % 17)}}
		}
		l.add(encoded(b, event.Event{
			ID: event.DeriveID("bench", "span", i), Type: event.TypeOf(data), Source: "ragline/bench", Tenant: "acme", Time: start, Data: data,
		}))
	}
	return l
}

func sizes() []struct{ input, output int } {
	return []struct{ input, output int }{{200, 100}, {1000, 600}}
}

const benchRows = 10_000

// BenchmarkEncode is what the sink does for a batch before ClickHouse gets it: decode, place, append, encode.
func BenchmarkEncode(b *testing.B) {
	for _, size := range sizes() {
		b.Run(fmt.Sprintf("%d+%d", size.input, size.output), func(b *testing.B) {
			l := spanLog(b, benchRows, size.input, size.output)
			s := newSink(config(b), nil, nil, time.Now)
			var buf chproto.Buffer
			before := cpuOf(b, os.Getpid())
			b.ReportAllocs()
			for b.Loop() {
				parts, err := s.blocks(l.all(), stored{})
				if err != nil {
					b.Fatal(err)
				}
				for _, part := range parts {
					buf.Reset()
					block := chproto.Block{Columns: len(part.block.columns()), Rows: part.block.columns()[0].Data.Rows()}
					if err := block.EncodeBlock(&buf, 0, part.block.columns()); err != nil {
						b.Fatal(err)
					}
					part.block.release()
				}
			}
			reportRows(b)
			b.ReportMetric(float64((cpuOf(b, os.Getpid())-before).Microseconds())/float64(b.N)/benchRows, "cpu-us/row")
		})
	}
}

// BenchmarkHandleBatch includes the insert into the embedded engine over loopback, synced to disk.
func BenchmarkHandleBatch(b *testing.B) {
	for _, size := range sizes() {
		b.Run(fmt.Sprintf("%d+%d", size.input, size.output), func(b *testing.B) {
			l := spanLog(b, benchRows, size.input, size.output)
			s := setup(b)
			batch := l.all()
			shift := func(b stream.Batch) stream.Batch { // the next range of the log
				for i := range b.Records {
					b.Records[i].Offset += benchRows
				}
				b.From, b.To = b.From+benchRows, b.To+benchRows
				return b
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.HandleBatch(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				batch = shift(batch)
			}
			reportRows(b)
		})
	}
}

func reportRows(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}
