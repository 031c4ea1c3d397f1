package evaluator

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const packDir = "../../deploy/domain/jdjones"

// recorder collects what a handler emits.
type recorder struct{ scores []*event.ScoreGiven }

var _ stream.Emitter = (*recorder)(nil)

func (r *recorder) Emit(data proto.Message, _ ...stream.EmitOption) {
	r.scores = append(r.scores, data.(*event.ScoreGiven))
}

func (r *recorder) byName(t *testing.T, name string) *event.ScoreGiven {
	t.Helper()
	for _, s := range r.scores {
		if s.GetName() == name {
			return s
		}
	}
	require.Fail(t, "no score", name)
	return nil
}

func config() Config {
	return Config{Group: "evaluator", Sample: 1, UnsupportedRate: 0.2}
}

type bundle struct {
	handler stream.Handler
	pack    *domain.Pack
}

func setup(t *testing.T) bundle {
	t.Helper()
	pack, err := domain.Load(packDir)
	require.NoError(t, err)
	h, err := New(config(), pack, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return bundle{handler: h, pack: pack}
}

func (b bundle) judge(t *testing.T, in *event.InteractionCaptured) *recorder {
	t.Helper()
	r := &recorder{}
	require.NoError(t, b.handler.Handle(t.Context(), event.New("test", in), r))
	return r
}

func interaction() *event.InteractionCaptured {
	return &event.InteractionCaptured{
		TraceId:  "4bf92f3577b34da6a3ce929d0e0e4736",
		QueryId:  "query-1",
		ThreadId: "thread-1",
		Question: "How many mechanical cycles does API 622 run?",
		Answer:   "The emission test of API 622 runs 1,510 mechanical cycles [api-622-emission-test].",
		State:    event.AnswerState_ANSWER_STATE_ANSWERED,
		Sources: []*event.Source{
			{DocumentId: "api-622-emission-test", Title: "API 622: the emission test", Text: "The emission test of API 622 runs 1,510 mechanical cycles.\nThe test gas of API 622 is methane at 0 to 600 psi."},
			{DocumentId: "api-624", Title: "API 624", Text: "API 624 runs 310 mechanical and 3 thermal cycles."},
		},
	}
}

func TestEveryAnswerGetsFourScoresThatSayHigherIsBetter(t *testing.T) {
	t.Parallel()
	r := setup(t).judge(t, interaction())
	var names []string
	for _, s := range r.scores {
		names = append(names, s.GetName())
		require.Equal(t, event.Direction_DIRECTION_HIGHER_IS_BETTER, s.GetDirection())
		require.Equal(t, event.ScoreState_SCORE_STATE_OK, s.GetState(), s.GetExplanation())
		require.NotNil(t, s.Value)
		require.True(t, s.GetPassed(), "%s %v %s", s.GetName(), s.GetValue(), s.GetExplanation())
		require.NotEmpty(t, s.GetEvaluatorVersion())
		require.NotEmpty(t, s.GetExplanation())
		require.Equal(t, "thread-1", s.GetThreadId())
	}
	require.Equal(t, []string{"hallucination", "grounding", "relevance", "domain_accuracy"}, names)
	require.Equal(t, "prior-0.2", r.byName(t, "hallucination").GetCalibrationVersion())
	require.Len(t, r.byName(t, "hallucination").GetFeatures(), 24)
}

func TestInventedAnswerFailsWithReasons(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Answer = "Grüße! The emission test of API 622 runs 9,999 mechanical cycles. Helium from Munich saturates the elastomer bellows overnight."
	r := setup(t).judge(t, in)
	h := r.byName(t, "hallucination")
	require.False(t, h.GetPassed(), "%v", h.GetValue())
	g := r.byName(t, "grounding")
	require.False(t, g.GetPassed(), "%v", g.GetValue())
	e := g.GetEvidence()[1]
	require.Equal(t, "The emission test of API 622 runs 9,999 mechanical cycles.", in.Answer[e.GetStart():e.GetEnd()])
	require.Equal(t, []string{"9,999"}, e.GetUnsupportedNumbers())
	require.Equal(t, unsupported, e.GetVerdict())
	require.Equal(t, "api-622-emission-test", e.GetDocumentId())
	require.Equal(t, []string{"Helium", "Munich", "saturates", "elastomer", "bellows", "overnight"}, g.GetEvidence()[2].GetUnsupportedTerms())
	d := r.byName(t, "domain_accuracy")
	require.Zero(t, d.GetValue())
	require.Equal(t, contradicted, d.GetEvidence()[0].GetVerdict())
	require.Contains(t, d.GetEvidence()[0].GetNote(), "1,510")
}

func TestCitationsAreNotWordsOfTheAnswer(t *testing.T) {
	t.Parallel()
	in := interaction()
	cited := setup(t).judge(t, in)
	plain := proto.CloneOf(in)
	plain.Answer = strings.ReplaceAll(in.Answer, " [api-622-emission-test]", "")
	require.InDelta(t, setup(t).judge(t, plain).byName(t, "hallucination").GetValue(), cited.byName(t, "hallucination").GetValue(), 1e-12)
	in.Answer += " It also leaks [invented-document]."
	require.Contains(t, setup(t).judge(t, in).byName(t, "grounding").GetExplanation(), "it cites invented-document")
}

func TestAnswerWithoutSourcesHasNoGroundingValue(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Sources = nil
	r := setup(t).judge(t, in)
	for _, name := range []string{"hallucination", "grounding"} {
		require.Equal(t, event.ScoreState_SCORE_STATE_NO_CONTEXT, r.byName(t, name).GetState())
		require.Nil(t, r.byName(t, name).Value)
		require.False(t, r.byName(t, name).GetPassed())
	}
	require.Equal(t, event.ScoreState_SCORE_STATE_OK, r.byName(t, "domain_accuracy").GetState())
}

func TestAbstentionIsRightOnlyWhenTheSourcesDoNotAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := interaction()
	in.Answer, in.State = "This is not in the knowledge base.", event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE

	wrong := b.judge(t, in)
	g := wrong.byName(t, "grounding")
	require.Equal(t, event.ScoreState_SCORE_STATE_ABSTAINED, g.GetState())
	require.Equal(t, "answerable abstention", g.GetLabel())
	require.NotNil(t, g.Value)
	require.Zero(t, g.GetValue())
	require.Nil(t, wrong.byName(t, "hallucination").Value)

	in.Question = "What is the warehouse stock of style ZX 9000 in Kolkata?"
	right := b.judge(t, in)
	for _, name := range []string{"hallucination", "grounding", "relevance"} {
		s := right.byName(t, name)
		require.Equal(t, event.ScoreState_SCORE_STATE_ABSTAINED, s.GetState())
		require.InDelta(t, 1, s.GetValue(), 0)
		require.True(t, s.GetPassed())
	}
	require.Equal(t, event.ScoreState_SCORE_STATE_NOT_APPLICABLE, right.byName(t, "domain_accuracy").GetState())

	in.Sources = nil
	require.InDelta(t, 1, b.judge(t, in).byName(t, "grounding").GetValue(), 0)
}

// The passages speak of API 641 and of cycles, but no sentence of both.
func TestWordsFromDifferentSentencesDoNotBlameAnAbstention(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Answer, in.State = "This is not in the knowledge base.", event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE
	in.Question = "How many cycles does API 641 run?"
	in.Sources = append(in.Sources, &event.Source{DocumentId: "api-641", Title: "API 641", Text: "API 641 type-tests quarter-turn valves."})
	require.Nil(t, setup(t).judge(t, in).byName(t, "grounding").Value)
	in.Question = "How many mechanical cycles does API 624 run?"
	require.NotNil(t, setup(t).judge(t, in).byName(t, "grounding").Value)
}

func TestUnclearAbstentionHasNoValue(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Question = "Which thermal cycles and which gaskets does the API 624 edition prescribe for bellows valves?"
	in.Answer, in.State = "I do not know.", event.AnswerState_ANSWER_STATE_UNSPECIFIED
	s := setup(t).judge(t, in).byName(t, "grounding")
	require.Equal(t, event.ScoreState_SCORE_STATE_ABSTAINED, s.GetState())
	require.Nil(t, s.Value, "answerable %v", s.GetFeatures()["answerable"])
}

func TestSubjectThatDoesNotCoverSomethingIsAnAnswer(t *testing.T) {
	t.Parallel()
	require.False(t, isDenial("API 641 does not cover repacking.", defaultNotFound))
	for _, text := range []string{
		"Sorry, that is Not In The Knowledge Base.", "I cannot find it.", "The provided documents do not mention a price.",
		"There is no information on that.", "The question cannot be answered.",
	} {
		require.True(t, isDenial(text, defaultNotFound), text)
	}
}

func TestOnlyTheRestOfAMixedAnswerIsGraded(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Answer += " The documents do not mention a price."
	g := setup(t).judge(t, in).byName(t, "grounding")
	require.Equal(t, event.ScoreState_SCORE_STATE_OK, g.GetState())
	require.Len(t, g.GetEvidence(), 1)
	require.InDelta(t, 1, g.GetValue(), 0)
}

func TestFailedRunIsNotJudged(t *testing.T) {
	t.Parallel()
	for _, state := range []event.AnswerState{event.AnswerState_ANSWER_STATE_FAILED, event.AnswerState_ANSWER_STATE_REJECTED} {
		in := interaction()
		in.State = state
		for _, s := range setup(t).judge(t, in).scores {
			require.Equal(t, event.ScoreState_SCORE_STATE_NOT_APPLICABLE, s.GetState())
			require.Nil(t, s.Value)
		}
	}
}

func TestEchoOfTheQuestionIsNotRelevant(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Answer = "API 622 runs mechanical cycles."
	s := setup(t).judge(t, in).byName(t, "relevance")
	require.Zero(t, s.GetValue())
	require.Equal(t, "The answer only repeats the question.", s.GetExplanation())
}

func TestAnswerToAnotherQuestionIsNotRelevant(t *testing.T) {
	t.Parallel()
	in := interaction()
	in.Question = "Where do the first two guides of an expansion joint go?"
	require.False(t, setup(t).judge(t, in).byName(t, "relevance").GetPassed())
}

type broken struct {
	name string
	err  error
}

func (b broken) Name() string { return b.name }

func (b broken) Evaluate(context.Context, *event.InteractionCaptured) (Result, error) {
	if b.err != nil {
		return Result{}, b.err
	}
	panic("boom")
}

func TestEvaluatorThatFailsOrPanicsYieldsErrorAndTheOthersSpeak(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	list := []Evaluator{broken{name: "a"}, broken{name: "b", err: errors.New("model away")}, newDomainAccuracy(nil)}
	h := newHandler(config(), defaultNotFound, list, slog.New(slog.NewTextHandler(&log, nil)))
	r := &recorder{}
	require.NoError(t, h.Handle(t.Context(), event.New("test", interaction()), r))
	require.Len(t, r.scores, 3)
	for _, s := range r.scores[:2] {
		require.Equal(t, event.ScoreState_SCORE_STATE_ERROR, s.GetState())
		require.Nil(t, s.Value)
		require.False(t, s.GetPassed())
	}
	require.Contains(t, r.scores[0].GetExplanation(), "boom")
	require.Equal(t, event.ScoreState_SCORE_STATE_NOT_APPLICABLE, r.scores[2].GetState())
	require.Equal(t, 2, strings.Count(log.String(), "level=WARN"))
}

func TestShutdownEmitsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &recorder{}
	require.ErrorIs(t, setup(t).handler.Handle(ctx, event.New("test", interaction()), r), context.Canceled)
	require.Empty(t, r.scores)
}

func TestReplayGivesTheSameScores(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.judge(t, interaction()), b.judge(t, interaction())
	for i := range first.scores {
		require.True(t, proto.Equal(first.scores[i], second.scores[i]))
	}
}

func TestRaisingTheSampleOnlyAddsIDs(t *testing.T) {
	t.Parallel()
	n := 0
	for i := range 2000 {
		id := event.DeriveID("trace", "sample", i)
		if sampled(id, 0.3) {
			n++
			require.True(t, sampled(id, 0.5))
		}
		require.True(t, sampled(id, 1))
		require.False(t, sampled(id, 0))
	}
	require.InDelta(t, 600, n, 80)
}

// The vectors belong to the scheme's origin; with its prefix the hash must give them.
func TestSamplingHashMatchesPublishedVectors(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 0.6412313318086813, hashFraction("langfuse:evaluation-sampling:v1\x00", "trace-1"), 0)
	require.InDelta(t, 0.7216350753511953, hashFraction("langfuse:evaluation-sampling:v1\x00", "trace-2"), 0)
}

func TestUnsampledInteractionEmitsNothing(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Sample = 0
	h, err := New(cfg, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r := &recorder{}
	require.NoError(t, h.Handle(t.Context(), event.New("test", interaction()), r))
	require.Empty(t, r.scores)

	gate := interaction()
	gate.Origin = &event.Origin{Environment: event.EnvironmentGate}
	require.NoError(t, h.Handle(t.Context(), event.New("test", gate), r))
	require.NotEmpty(t, r.scores, "the gate waits for each of its answers")
}

func TestConfigErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*Config)
		name   string
	}{
		{func(c *Config) { c.Group = "" }, "RAGLINE_EVALUATOR_GROUP"},
		{func(c *Config) { c.Sample = 1.5 }, "RAGLINE_EVALUATOR_SAMPLE=1.5"},
		{func(c *Config) { c.UnsupportedRate = 1 }, "RAGLINE_EVALUATOR_UNSUPPORTED_RATE=1"},
		{func(c *Config) { c.CalibrationFile = "missing.json" }, "RAGLINE_EVALUATOR_CALIBRATION_FILE"},
	} {
		cfg := config()
		c.change(&cfg)
		_, err := New(cfg, nil, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, c.name)
	}
}
