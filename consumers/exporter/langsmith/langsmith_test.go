package langsmith_test

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

	"github.com/ragline/ragline/consumers/exporter/langsmith"
	"github.com/ragline/ragline/consumers/exporter/langsmith/langsmithtest"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	tracetest.Run(t, func(t *testing.T) tracetest.Subject {
		s := langsmithtest.New(t)
		b := open(t, s, func(c *langsmith.Config) { c.Timeout = 500 * time.Millisecond })
		return tracetest.Subject{Backend: b, Stored: func() []string { return stored(t, s) }, Idempotent: true, Fail: func(f tracetest.Fault) { s.Fail(f) }}
	})
}

func TestRunsAndFeedbackAreSentAsLangSmithWants(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	events := tracetest.AgentTrace()
	_, err := open(t, s, nil).Export(t.Context(), tracetest.BatchOf(events...))
	require.NoError(t, err)
	for _, r := range s.Runs() {
		parts := map[string]json.RawMessage{"post": s.Requests()[0]["post."+r.ID]}
		for name, part := range r.Parts {
			parts[name] = part
		}
		golden(t, "run_"+strings.ReplaceAll(r.Name, " ", "_"), parts)
	}
	for id, f := range s.Feedback() {
		golden(t, "feedback_"+f.Key, s.Requests()[0]["feedback."+id])
	}
	require.Len(t, s.Runs(), 4)
	require.Len(t, s.Feedback(), 3)
}

func TestEveryTextArrivesAsItIs(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	b := open(t, s, nil)
	sent := map[string]string{}
	for n := range 40 {
		for i, special := range []string{"\"", "\\", "\x00", "\x1f", "\n", "\r", "\t", "é", "\u2028", "😀", "<&>", "\x7f"} {
			e := tracetest.Span(n*100 + i)
			span := e.Data.(*event.SpanEnded)
			span.Input = "x" + strings.Repeat("~", n) + special + strings.Repeat(" ", 40-n) + special
			sent[span.GetSpanId()] = span.GetInput()
			send(t, b, e)
		}
	}
	broken := tracetest.Span(9999)
	broken.Data.(*event.SpanEnded).Input = "x\xff\"y"
	sent[broken.Data.(*event.SpanEnded).GetSpanId()] = "x\uFFFD\"y"
	send(t, b, broken)
	ids := stored(t, s)
	for i, r := range s.Runs() {
		var inputs struct{ Input string }
		require.NoError(t, json.Unmarshal(r.Parts["inputs"], &inputs))
		require.Equal(t, sent[ids[i]], inputs.Input)
	}
	require.Len(t, ids, len(sent))
}

func TestSettingsOfAModelThatAreNoNumbersAreLeftOut(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	e := tracetest.Span(1)
	e.Data.(*event.SpanEnded).Attributes = map[string]*event.AttributeValue{
		"gen_ai.request.temperature": {Value: &event.AttributeValue_StringValue{StringValue: "0.7"}},
		"gen_ai.request.max_tokens":  {Value: &event.AttributeValue_IntValue{IntValue: 9}},
	}
	send(t, open(t, s, nil), e)
	require.NotContains(t, string(s.Runs()[0].Parts["extra"]), "ls_temperature", "zero would be another temperature")
	require.Contains(t, string(s.Runs()[0].Parts["extra"]), `"ls_max_tokens":9`)
}

func TestScoreOfASpanIsAttachedToItsRunWhereItsPlaceIsKnown(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	b := open(t, s, nil)
	events := tracetest.AgentTrace()
	model := events[2].Data.(*event.SpanEnded)
	score := func(span string) event.Event {
		return event.New("test", &event.ScoreGiven{TraceId: tracetest.TraceID, SpanId: span, Name: "relevance", Value: proto.Float64(1)})
	}
	ofModel, ofRoot, ofUnknown := score(model.GetSpanId()), score(model.GetParentSpanId()), score("1111111111111111")
	batch := tracetest.BatchOf(append(events[:4:4], ofModel, ofRoot, ofUnknown)...)
	_, err := b.Export(t.Context(), batch)
	require.NoError(t, err)
	runs := map[string]langsmithtest.Run{}
	for _, r := range s.Runs() {
		runs[r.Name] = r
	}
	root := runs["invoke_agent support"].ID
	require.Equal(t, runs["chat gpt-5-mini"].ID, s.Feedback()[ofModel.ID].RunID)
	require.Equal(t, root, s.Feedback()[ofRoot.ID].RunID)
	require.Equal(t, root, s.Feedback()[ofUnknown.ID].RunID)
	for _, f := range s.Feedback() {
		require.Equal(t, root, f.TraceID)
	}
}

func TestSpansCanGoByOpenTelemetry(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	_, err := open(t, s, func(c *langsmith.Config) { c.Mode = langsmith.ModeOTLP }).Export(t.Context(), tracetest.BatchOf(tracetest.AgentTrace()...))
	require.NoError(t, err)
	require.Len(t, s.Feedback(), 3)
	for _, span := range s.Exports()[0].GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
		tracetest.Golden(t, *update, "otlp_"+strings.ReplaceAll(span.GetName(), " ", "_"), span)
	}
}

func TestKnownRunIsADuplicateAndTheOthersCanStillBeSent(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	b := open(t, s, nil)
	send(t, b, tracetest.Span(1))
	_, err := b.Export(t.Context(), tracetest.BatchOf(tracetest.Span(1), tracetest.Span(2)))
	require.ErrorIs(t, err, trace.ErrDuplicate)
	found, err := b.Find(t.Context(), []event.Event{tracetest.Span(1), tracetest.Span(2)})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, found)
}

func TestSpanWithoutItsAncestorsIsATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	b := open(t, s, nil)
	events := tracetest.AgentTrace()
	_, err := b.Export(t.Context(), tracetest.BatchOf(events[2])) // the model call
	require.NoError(t, err)
	r := s.Runs()[0]
	require.Equal(t, r.ID, r.TraceID)
	require.Empty(t, r.ParentRunID)
	require.Contains(t, string(r.Parts["extra"]), `"orphan":true`)
}

func TestServerWithoutMultipartBlocks(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	s.WithoutMultipart()
	_, err := open(t, s, nil).Export(t.Context(), tracetest.BatchOf(tracetest.Span(1)))
	var blocked *trace.BlockedError
	require.ErrorAs(t, err, &blocked)
	require.ErrorContains(t, err, "LANGSMITH_ENDPOINT")
}

func TestBadRunRejectsItsRequest(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	s.Refuse(func(r langsmithtest.Run) bool { return r.Name == "span 2" })
	b := open(t, s, nil)
	_, err := b.Export(t.Context(), tracetest.BatchOf(tracetest.Span(1), tracetest.Span(2)))
	var rejected *trace.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.NoError(t, b.Probe(t.Context(), tracetest.Span(2)))
}

func TestCheckNamesVersionAndProject(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	found, err := open(t, s, nil).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, "LangSmith 0.11.0 at "+s.URL()+", project default, mode multipart", found)
	_, err = open(t, s, func(c *langsmith.Config) { c.APIKey = "wrong" }).Check(t.Context())
	require.ErrorContains(t, err, "LANGSMITH_API_KEY")
	require.NotContains(t, err.Error(), "wrong")
}

func TestFeedbackWithoutATraceHasNoPlace(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	result, err := open(t, s, nil).Export(t.Context(), trace.Batch{Events: []event.Event{
		event.New("test", &event.FeedbackGiven{QueryId: "q", Value: proto.Float64(1)}),
	}})
	require.NoError(t, err)
	require.Len(t, result.Rejected, 1)
	require.Empty(t, s.Requests())
}

func TestTextsStayHereWhenContentIsOff(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{langsmith.ModeMultipart, langsmith.ModeOTLP} {
		s := langsmithtest.New(t)
		_, err := open(t, s, func(c *langsmith.Config) { c.Content, c.Mode = false, mode }).Export(t.Context(), tracetest.BatchOf(tracetest.AgentTrace()...))
		require.NoError(t, err)
		sent := fmt.Sprintf("%s %v", s.Requests(), s.Exports())
		for _, secret := range []string{"guarantee", "Two years", "A-1", "Every sentence", "needed"} {
			require.NotContains(t, sent, secret)
		}
	}
}

func TestSettingsAreExplained(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(*langsmith.Config){
		"LANGSMITH_ENDPOINT=api":       func(c *langsmith.Config) { c.Endpoint = "api" },
		"LANGSMITH_API_KEY is empty":   func(c *langsmith.Config) { c.APIKey = "" },
		"LANGSMITH_PROJECT is empty":   func(c *langsmith.Config) { c.Project = "" },
		"RAGLINE_LANGSMITH_MODE=batch": func(c *langsmith.Config) { c.Mode = "batch" },
		"RAGLINE_LANGSMITH_HOLD=2h":    func(c *langsmith.Config) { c.Hold = 2 * time.Hour },
		"RAGLINE_LANGSMITH_TIMEOUT=0s": func(c *langsmith.Config) { c.Timeout = 0 },
	} {
		cfg := defaults(t)
		set(&cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

func defaults(t *testing.T) langsmith.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[langsmith.Config](env.Options{Environment: map[string]string{"LANGSMITH_API_KEY": langsmithtest.APIKey}})
	require.NoError(t, err)
	return cfg
}

func open(t *testing.T, s *langsmithtest.Server, change func(*langsmith.Config)) *langsmith.Backend {
	t.Helper()
	cfg := defaults(t)
	cfg.Endpoint = s.URL()
	if change != nil {
		change(&cfg)
	}
	b, err := langsmith.New(cfg, langsmith.Deps{Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func send(t *testing.T, b *langsmith.Backend, events ...event.Event) {
	t.Helper()
	result, err := b.Export(t.Context(), tracetest.BatchOf(events...))
	require.NoError(t, err)
	require.Empty(t, result.Rejected)
}

// stored returns the span ids of the runs, and the ids of the feedback, which are those of the events.
func stored(t *testing.T, s *langsmithtest.Server) []string {
	t.Helper()
	var ids []string
	for _, r := range s.Runs() {
		var extra struct {
			Metadata struct {
				Span string `json:"otel_span_id"`
			} `json:"metadata"`
		}
		require.NoError(t, json.Unmarshal(r.Parts["extra"], &extra))
		ids = append(ids, extra.Metadata.Span)
	}
	for id := range s.Feedback() {
		ids = append(ids, id)
	}
	return ids
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	tracetest.GoldenJSON(t, *update, name, raw)
}
