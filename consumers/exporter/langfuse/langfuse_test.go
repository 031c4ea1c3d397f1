package langfuse_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/langfuse"
	"github.com/ragline/ragline/consumers/exporter/langfuse/langfusetest"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]struct{ version, mode, scores string }{
		"v4 by OTLP, scores by their API":      {"4.16.0", langfuse.ModeOTLP, langfuse.ScoresAPI},
		"v4 by OTLP, scores by ingestion":      {"4.16.0", langfuse.ModeOTLP, langfuse.ScoresIngestion},
		"v3 by ingestion, scores by their API": {"3.225.4", langfuse.ModeLegacy, langfuse.ScoresAPI},
		"v2 by ingestion, scores by ingestion": {"2.95.12", langfuse.ModeLegacy, langfuse.ScoresIngestion},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracetest.Run(t, func(t *testing.T) tracetest.Subject {
				s := langfusetest.New(t, mode.version)
				b := open(t, s, func(c *langfuse.Config) { c.Mode, c.Scores, c.Timeout = mode.mode, mode.scores, 500*time.Millisecond })
				return tracetest.Subject{Backend: b, Stored: func() []string { return stored(s) }, Idempotent: mode.mode == langfuse.ModeLegacy, Fail: func(f tracetest.Fault) { s.Fail(f) }}
			})
		})
	}
}

func TestSpansAndScoresAreSentAsVersion4Wants(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	send(t, open(t, s, nil), tracetest.AgentTrace()...)
	for _, span := range s.Exports()[0].GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
		tracetest.Golden(t, *update, "otlp_"+strings.ReplaceAll(span.GetName(), " ", "_"), span)
	}
	for _, body := range s.Bodies() {
		var score struct{ Name string }
		require.NoError(t, json.Unmarshal(body, &score))
		tracetest.GoldenJSON(t, *update, "score_"+score.Name, body)
	}
	var cost int64
	for _, row := range s.Rows() {
		cost += row.CostPicoUSD
	}
	require.EqualValues(t, 1_250_000_000, cost)
}

func TestBatchIsSentAsTheIngestionAPIWants(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "2.95.12")
	send(t, open(t, s, func(c *langfuse.Config) { c.Mode = langfuse.ModeLegacy }), tracetest.AgentTrace()...)
	tracetest.GoldenJSON(t, *update, "ingestion_batch", s.Bodies()[0])
	require.Len(t, s.Entities(), 5) // four observations and their trace
}

func TestKindsBecomeTypes(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := open(t, s, nil)
	want := []string{"AGENT", "GENERATION", "TOOL", "RETRIEVER", "EMBEDDING", "CHAIN", "GUARDRAIL"}
	for kind := event.SpanKind_SPAN_KIND_AGENT; kind <= event.SpanKind_SPAN_KIND_VALIDATION; kind++ {
		e := tracetest.Span(int(kind))
		e.Data.(*event.SpanEnded).Kind = kind
		send(t, b, e)
	}
	foreign := tracetest.Span(99)
	foreign.Data.(*event.SpanEnded).Operation = "text_completion"
	send(t, b, foreign, tracetest.Span(100))
	var types []string
	for _, row := range s.Rows() {
		types = append(types, row.Type)
	}
	require.Equal(t, append(want, "GENERATION", "SPAN"), types)
}

func TestFindNamesWhatArrived(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := open(t, s, nil)
	var all []event.Event
	for i := range 130 {
		all = append(all, tracetest.Span(i))
	}
	all = append(all, tracetest.AgentTrace()[4:]...)
	send(t, b, all[:100]...)
	send(t, b, all[130:132]...)
	found, err := b.(trace.Finder).Find(t.Context(), all)
	require.NoError(t, err)
	for i, ok := range found {
		require.Equal(t, i < 100 || i >= 130 && i < 132, ok, i)
	}
	n, err := b.(trace.Counter).CountSpans(t.Context(), tracetest.Start().Add(-time.Hour), tracetest.Start().Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
}

func TestVersion3WithoutTheObservationsAPIIsSentEverythingAgain(t *testing.T) {
	t.Parallel()
	b := open(t, langfusetest.New(t, "3.60.0"), nil)
	send(t, b, tracetest.Span(1))
	found, err := b.(trace.Finder).Find(t.Context(), []event.Event{tracetest.Span(1)})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, found)
}

func TestScoresThatWereTakenBeforeAFailureAreSettled(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := open(t, s, nil)
	s.Fail(tracetest.Throttle)
	result, err := b.Export(t.Context(), trace.Batch{Events: tracetest.AgentTrace()[4:]})
	var retry *trace.RetryError
	require.ErrorAs(t, err, &retry)
	require.Equal(t, tracetest.RetryAfter, retry.After)
	_, written := s.Scores()
	require.Len(t, written, 2)
	require.Len(t, result.Settled, 2)
}

func TestScoreThatLangFuseRefusesIsRejectedAlone(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{langfuse.ScoresAPI, langfuse.ScoresIngestion} {
		s := langfusetest.New(t, "4.16.0")
		events := tracetest.AgentTrace()[4:]
		events[1].Data.(*event.ScoreGiven).EvaluatorVersion = strings.Repeat("9", 900)
		result, err := open(t, s, func(c *langfuse.Config) { c.Scores = mode }).Export(t.Context(), trace.Batch{Events: events})
		require.NoError(t, err)
		require.Len(t, result.Rejected, 1)
		require.Equal(t, 1, result.Rejected[0].Index)
		require.Contains(t, result.Rejected[0].Reason, "id or name")
	}
}

func TestMixed207IsReadEventByEvent(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "3.225.4")
	spans := []event.Event{tracetest.Span(1), tracetest.Span(2), tracetest.Span(3)}
	s.Refuse(func(r langfusetest.Row) bool { return r.Name == "span 2" })
	result, err := open(t, s, func(c *langfuse.Config) { c.Mode = langfuse.ModeLegacy }).Export(t.Context(), trace.Batch{Events: spans})
	require.NoError(t, err)
	require.Len(t, result.Rejected, 1)
	require.Equal(t, 1, result.Rejected[0].Index)
	require.ElementsMatch(t, []int{0, 2}, result.Settled)
}

func TestLegacyModeOnVersion4IsRejectedEventByEvent(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := open(t, s, func(c *langfuse.Config) { c.Mode = langfuse.ModeLegacy })
	_, err := b.(trace.Checker).Check(t.Context())
	require.ErrorContains(t, err, "LangFuse 4.16.0 does not take spans in RAGLINE_LANGFUSE_MODE=legacy")
}

func TestOTLPOnVersion2SaysWhichSettingToChange(t *testing.T) {
	t.Parallel()
	b := open(t, langfusetest.New(t, "2.95.12"), nil)
	_, err := b.Export(t.Context(), trace.Batch{Events: []event.Event{tracetest.Span(1)}})
	var blocked *trace.BlockedError
	require.ErrorAs(t, err, &blocked)
	require.ErrorContains(t, err, "RAGLINE_LANGFUSE_MODE")
}

func TestCheckNamesVersionAndProject(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	found, err := open(t, s, nil).(trace.Checker).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, "LangFuse 4.16.0 at "+s.URL()+", project test, mode otlp", found)
	_, err = open(t, s, func(c *langfuse.Config) { c.SecretKey = "wrong" }).(trace.Checker).Check(t.Context())
	require.ErrorContains(t, err, "401 Unauthorized")
	require.ErrorContains(t, err, "LANGFUSE_SECRET_KEY")
}

func TestEnvironmentIsMadeAcceptable(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := open(t, s, nil)
	for i, name := range []string{"Production EU", "langfuse-eval", "", strings.Repeat("x", 50)} {
		e := tracetest.Span(i)
		e.Data.(*event.SpanEnded).Origin = &event.Origin{Environment: name}
		send(t, b, e)
	}
	var names []any
	for _, row := range s.Rows() {
		names = append(names, row.Attributes["langfuse.environment"])
	}
	require.Equal(t, []any{"production-eu", "eval", "default", strings.Repeat("x", 40)}, names)
}

func TestTextsStayHereWhenContentIsOff(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{langfuse.ModeOTLP, langfuse.ModeLegacy} {
		s := langfusetest.New(t, "3.225.4")
		send(t, open(t, s, func(c *langfuse.Config) { c.Content, c.Mode = false, mode }), tracetest.AgentTrace()...)
		sent := fmt.Sprint(s.Rows()) + fmt.Sprintf("%s", s.Bodies())
		for _, secret := range []string{"guarantee", "Two years", "A-1", "Every sentence", "needed"} {
			require.NotContains(t, sent, secret)
		}
	}
}

func TestFeedbackWithoutATraceGoesToItsSession(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	result, err := open(t, s, nil).Export(t.Context(), trace.Batch{Events: []event.Event{
		event.New("test", &event.FeedbackGiven{QueryId: "q", Value: proto.Float64(0), Origin: &event.Origin{SessionId: "session-9"}}),
		event.New("test", &event.FeedbackGiven{QueryId: "q", Value: proto.Float64(1)}),
	}})
	require.NoError(t, err)
	require.Len(t, result.Rejected, 1)
	scores, _ := s.Scores()
	require.Len(t, scores, 1)
	require.Equal(t, "session-9", scores[0].SessionID)
	require.Zero(t, scores[0].Value)
}

func TestSettingsAreExplained(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(*langfuse.Config){
		"LANGFUSE_HOST=cloud":           func(c *langfuse.Config) { c.Host = "cloud" },
		"LANGFUSE_PUBLIC_KEY is empty":  func(c *langfuse.Config) { c.PublicKey = "" },
		"LANGFUSE_SECRET_KEY is empty":  func(c *langfuse.Config) { c.SecretKey = "" },
		"RAGLINE_LANGFUSE_MODE=v4":      func(c *langfuse.Config) { c.Mode = "v4" },
		"RAGLINE_LANGFUSE_SCORES=both":  func(c *langfuse.Config) { c.Scores = "both" },
		"RAGLINE_LANGFUSE_TIMEOUT=0s":   func(c *langfuse.Config) { c.Timeout = 0 },
		"RAGLINE_LANGFUSE_SHOWS=2h0m0s": func(c *langfuse.Config) { c.Shows = 2 * time.Hour },
	} {
		cfg := defaults(t)
		set(&cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

func defaults(t *testing.T) langfuse.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[langfuse.Config](env.Options{Environment: map[string]string{
		"LANGFUSE_PUBLIC_KEY": langfusetest.PublicKey, "LANGFUSE_SECRET_KEY": langfusetest.SecretKey,
	}})
	require.NoError(t, err)
	return cfg
}

func open(t *testing.T, s *langfusetest.Server, change func(*langfuse.Config)) trace.Backend {
	t.Helper()
	cfg := defaults(t)
	cfg.Host = s.URL()
	if change != nil {
		change(&cfg)
	}
	b, err := langfuse.New(cfg, langfuse.Deps{Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.(interface{ Close() error }).Close() })
	return b
}

func send(t *testing.T, b trace.Backend, events ...event.Event) {
	t.Helper()
	result, err := b.Export(t.Context(), trace.Batch{Events: events})
	require.NoError(t, err)
	require.Empty(t, result.Rejected)
}

// stored returns the span ids and, of scores, the ids of the events of AgentTrace that they came from.
func stored(s *langfusetest.Server) []string {
	var ids []string
	for _, row := range s.Rows() {
		ids = append(ids, row.SpanID)
	}
	legacy := len(ids) == 0
	for id, e := range s.Entities() {
		if e.Type != "trace-create" {
			ids = append(ids, id)
		}
	}
	events := tracetest.AgentTrace()
	origin := map[string]string{"hallucination": events[4].ID, "relevance.state": events[5].ID, "user_feedback": events[6].ID}
	scores, written := s.Scores()
	if !legacy {
		scores = written
	}
	for _, score := range scores {
		ids = append(ids, origin[score.Name])
	}
	return ids
}
