package sink

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// noon is when every story starts.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// story collects events and stores them, topic by topic. Every event is published twice, as an emitter may do after
// a crash: views must count it once.
type story struct {
	b     bundle
	t     *testing.T
	logs  map[string]*log
	count int
}

func tell(t *testing.T) *story {
	t.Helper()
	return &story{b: setup(t), t: t, logs: map[string]*log{}}
}

func (s *story) happened(data proto.Message) {
	s.t.Helper()
	s.count++
	e := event.Event{
		ID: fmt.Sprintf("event-%d", s.count), Type: event.TypeOf(data), Source: "test", Tenant: "acme",
		Time: noon.Add(time.Duration(s.count) * time.Second), Data: data,
	}
	r := encoded(s.t, e)
	if s.logs[r.Topic] == nil {
		s.logs[r.Topic] = &log{topic: r.Topic}
	}
	s.logs[r.Topic].add(r, r)
}

func (s *story) stored() bundle {
	s.t.Helper()
	for _, l := range s.logs {
		require.NoError(s.t, s.b.HandleBatch(s.t.Context(), l.all()))
	}
	return s.b
}

func trace(n int) string { return fmt.Sprintf("%032x", n) }

func call(traceID int, kind event.SpanKind, model string, cost *event.Cost) *event.SpanEnded {
	return &event.SpanEnded{
		TraceId: trace(traceID), SpanId: fmt.Sprintf("%016x", traceID), Name: "chat", Kind: kind, Operation: "chat", Provider: "p", Model: model,
		StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon.Add(time.Duration(traceID) * time.Millisecond)),
		Usage: &event.Usage{InputTokens: 10, OutputTokens: 1}, Cost: cost,
	}
}

func score(traceID int, name string, value float64, direction event.Direction) *event.ScoreGiven {
	return &event.ScoreGiven{
		TraceId: trace(traceID), Name: name, Value: &value, State: event.ScoreState_SCORE_STATE_OK, Direction: direction,
		Passed: value >= 0.5, Evaluator: name, EvaluatorVersion: "1", Explanation: fmt.Sprintf("%s is %v", name, value),
	}
}

func TestRecordsPerTopicCountsRowsAndEvents(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(ask("a"))
	s.happened(ask("b"))
	got, err := s.stored().warehouse.RecordsPerTopic(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, topic.Queries, got[0].Topic)
	require.Equal(t, []uint64{4, 4, 2}, []uint64{got[0].Rows, got[0].DistinctOffsets, got[0].DistinctEvents})
	require.Equal(t, noon.Add(2*time.Second), got[0].LastTime.UTC())
}

func TestAnswersDailyCountsStates(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for i, state := range []event.AnswerState{event.AnswerState_ANSWER_STATE_ANSWERED, event.AnswerState_ANSWER_STATE_ANSWERED, event.AnswerState_ANSWER_STATE_FAILED} {
		s.happened(&event.AnswerGiven{
			QueryId: "q", ThreadId: "t", State: state, Model: "m", TotalTimeMs: int64(i+1) * 100,
			Usage: &event.Usage{InputTokens: 5}, Cost: &event.Cost{PicoUsd: 1},
		})
	}
	require.Equal(t, []string{`{"day":"2026-11-24","tenant":"acme","model":"m","answers":3,"answered":2,"not_in_knowledge_base":0,` +
		`"rejected":0,"failed":1,"median_time_ms":200,"p95_time_ms":300,"input_tokens":15,"output_tokens":0,"cost_usd":0.000000000003}`},
		s.stored().rows(t, "SELECT * FROM answers_daily"))
}

func TestCostByModelIsExactAndUnknownIsNotZero(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(call(1, event.SpanKind_SPAN_KIND_LLM, "priced", &event.Cost{PicoUsd: 1}))
	s.happened(call(2, event.SpanKind_SPAN_KIND_LLM, "priced", &event.Cost{PicoUsd: 2_000_000_000_000}))
	s.happened(call(3, event.SpanKind_SPAN_KIND_EMBEDDING, "local", nil))
	s.happened(call(4, event.SpanKind_SPAN_KIND_AGENT, "priced", &event.Cost{PicoUsd: 5}))
	require.Equal(t, []string{
		`{"model":"priced","calls":2,"input_tokens":20,"output_tokens":2,"cost_usd":2.000000000001,"calls_without_cost":0}`,
		`{"model":"local","calls":1,"input_tokens":10,"output_tokens":1,"cost_usd":null,"calls_without_cost":1}`,
	}, s.stored().rows(t, "SELECT * EXCEPT (tenant, provider) FROM cost_by_model"))
}

func TestScoreMeansLeaveOutScoresWithoutValue(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(score(1, "grounding", 1, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(score(2, "grounding", 0.25, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	failed := score(3, "grounding", 0, event.Direction_DIRECTION_HIGHER_IS_BETTER)
	failed.Value, failed.State, failed.Passed = nil, event.ScoreState_SCORE_STATE_ERROR, false
	s.happened(failed)
	require.Equal(t, []string{`{"tenant":"acme","name":"grounding","evaluator":"grounding","evaluator_version":"1",` +
		`"direction":"higher_is_better","scores":3,"with_value":2,"mean":0.625,"passed_share":0.5,"abstained":0,"errors":1}`},
		s.stored().rows(t, "SELECT * FROM score_means"))
}

func TestWorstAnswersTurnEveryMeasureTheSameWay(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for i := range 3 {
		s.happened(&event.InteractionCaptured{TraceId: trace(i + 1), Question: fmt.Sprint("q", i+1), Answer: "a", Model: "m"})
	}
	s.happened(score(1, "grounding", 0.9, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(score(1, "hallucination", 0.8, event.Direction_DIRECTION_LOWER_IS_BETTER))
	s.happened(score(2, "grounding", 0.1, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(score(2, "grounding", 0.5, event.Direction_DIRECTION_HIGHER_IS_BETTER)) // given again: the latest counts
	require.Equal(t, []string{
		`{"question":"q1","worst_score":"hallucination","explanation":"hallucination is 0.8"}`,
		`{"question":"q2","worst_score":"grounding","explanation":"grounding is 0.5"}`,
	}, s.stored().rows(t, "SELECT question, worst_score, explanation FROM worst_answers"))
}

func TestReviewQueueHoldsWhatIsUndecided(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(&event.ReviewRequested{ReviewId: "decided", Tool: "t"})
	s.happened(&event.ReviewRequested{ReviewId: "lapsed", Tool: "t", ExpiresAt: timestamppb.New(noon.AddDate(-1, 0, 0))})
	s.happened(&event.ReviewRequested{ReviewId: "open", Tool: "t"})
	s.happened(&event.ReviewDecided{ReviewId: "decided", ThreadId: "t", Decision: event.Decision_DECISION_APPROVE})
	require.Equal(t, []string{`{"review_id":"lapsed","expired":true}`, `{"review_id":"open","expired":false}`},
		s.stored().rows(t, "SELECT review_id, expired FROM review_queue"))
}

func TestDatasetTiersAreThoseOfTheLatest(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for i, gold := range []int64{1, 2} {
		s.happened(&event.DatasetReady{
			DatasetId: fmt.Sprint("d", i), Name: "default", ManifestSha256: "00",
			TierRows: map[string]int64{"bronze": 30, "gold": gold, "silver": 10},
		})
	}
	require.Equal(t, []string{
		`{"dataset_id":"d1","tier":"gold","rows":2}`, `{"dataset_id":"d1","tier":"silver","rows":10}`, `{"dataset_id":"d1","tier":"bronze","rows":30}`,
	}, s.stored().rows(t, "SELECT dataset_id, tier, rows FROM dataset_tiers"))
}

func TestDocumentsCurrentForgetsWhatWasRemoved(t *testing.T) {
	t.Parallel()
	s := tell(t)
	for _, id := range []string{"kept", "removed"} {
		for _, text := range []string{"old", "new"} {
			s.happened(&event.DocumentChanged{DocumentId: id, Text: text})
		}
	}
	s.logs[topic.Documents].add(event.Record{Key: []byte("removed"), Headers: []event.Header{header("ce_subject", "acme")}})
	require.Equal(t, []string{`{"document_id":"kept","text":"new"}`}, s.stored().rows(t, "SELECT document_id, text FROM documents_current"))
}

func TestSpansByKindCountsErrorsAndTimes(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(call(10, event.SpanKind_SPAN_KIND_LLM, "m", nil))
	failed := call(30, event.SpanKind_SPAN_KIND_LLM, "m", nil)
	failed.Status = event.StatusCode_STATUS_CODE_ERROR
	s.happened(failed)
	s.happened(call(20, event.SpanKind_SPAN_KIND_LLM, "m", nil))
	require.Equal(t, []string{`{"tenant":"acme","kind":"llm","operation":"chat","spans":3,"traces":3,"errors":1,"median_ms":20,"p95_ms":30}`},
		s.stored().rows(t, "SELECT * FROM spans_by_kind"))
}

func TestSummaryTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(ask("q"))
	s.happened(&event.AnswerGiven{QueryId: "q", ThreadId: "t"})
	s.happened(call(1, event.SpanKind_SPAN_KIND_LLM, "m", &event.Cost{PicoUsd: 3}))
	s.happened(call(1, event.SpanKind_SPAN_KIND_LLM, "n", nil))
	s.happened(score(1, "grounding", 0.75, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(&event.DatasetReady{DatasetId: "d", Name: "default", ManifestSha256: "00", TierRows: map[string]int64{"gold": 7}})
	got, err := s.stored().warehouse.Summary(t.Context())
	require.NoError(t, err)
	require.Len(t, got.Topics, 5)
	require.Equal(t, []uint64{2, 1, 1, 2, 1, 0, 0},
		[]uint64{got.Spans, got.Traces, got.Answers, got.Calls, got.CallsWithoutCost, got.DeadLetters, got.RawRecords})
	require.Equal(t, "0.000000000003", got.CostUSD)
	require.Len(t, got.Scores, 1)
	require.InDelta(t, 0.75, *got.Scores[0].Mean, 1e-9)
	require.Equal(t, "gold 7", fmt.Sprint(got.Tiers[0].Tier, " ", got.Tiers[0].Rows))
}

func TestSummaryOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	got, err := setup(t).warehouse.Summary(t.Context())
	require.NoError(t, err)
	require.Empty(t, got.Topics)
	require.Equal(t, "0", got.CostUSD)
}

func TestTraceHasSpansScoresAndFeedback(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.happened(call(1, event.SpanKind_SPAN_KIND_LLM, "m", &event.Cost{PicoUsd: 3}))
	s.happened(call(2, event.SpanKind_SPAN_KIND_LLM, "m", nil))
	s.happened(score(1, "grounding", 0.75, event.Direction_DIRECTION_HIGHER_IS_BETTER))
	s.happened(&event.FeedbackGiven{TraceId: trace(1), Value: proto.Float64(1), Comment: "good"})
	got, err := s.stored().warehouse.Trace(t.Context(), trace(1))
	require.NoError(t, err)
	require.Len(t, got.Spans, 1)
	require.Equal(t, time.Millisecond, got.Spans[0].Duration)
	require.Equal(t, "0.000000000003", *got.Spans[0].CostUSD)
	require.Equal(t, noon, got.Spans[0].Start.UTC())
	require.Len(t, got.Scores, 1)
	require.Equal(t, "good", got.Feedback[0].Comment)

	unknown, err := s.b.warehouse.Trace(t.Context(), "'; DROP TABLE spans")
	require.NoError(t, err)
	require.Empty(t, unknown.Spans)
}

func TestDeadLettersByReasonCountsEventsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := deadLetterOf(golden(t, "query.asked.v1"), "agent", "handler_failed")
	b.handled(t, topic.DeadLetters("agent"), r, r)
	require.Equal(t, []string{`{"consumer_group":"agent","original_topic":"ragline.queries","reason":"handler_failed","dead_letters":2,"events":1,"last_message":"the model is away"}`},
		b.rows(t, "SELECT * EXCEPT (first_time, last_time) FROM dead_letters_by_reason"))
}
