package dataset

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is the time of the first event of a test.
var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func config(dir string) Config {
	return Config{Dir: dir, Name: "default", Threshold: 3, Quiet: time.Millisecond, HeldOut: 0.2, SelfShare: 0.2}
}

func smallPack() *domain.Pack {
	return &domain.Pack{
		Name: "small", DocumentsDir: "testdata/pack/documents",
		Prompts:  map[string]domain.Prompt{"system": {Name: "system", Version: "1", Text: "Answer from the context.\n"}},
		Glossary: []domain.GlossaryTerm{{Term: "flexseal", Disputed: true}, {Term: "ptfe"}},
		Seeds: []domain.Seed{
			{ID: "seed-01", Question: "How far are ring joints staggered?", Answer: "At least 90 degrees.", Documents: []string{"packing"}, Answerable: true},
			{ID: "seed-02", Question: "What does style 12 cost?", Answer: "This is not in the knowledge base.", Answerable: false},
		},
	}
}

type bundle struct {
	*streamtest.Cluster
	dir     string
	builder *Builder
}

func setup(t *testing.T) bundle {
	t.Helper()
	b := bundle{Cluster: streamtest.NewCluster(t), dir: t.TempDir()}
	b.builder = b.newBuilder(t, config(b.dir))
	return b
}

func (b bundle) newBuilder(t *testing.T, cfg Config) *Builder {
	t.Helper()
	builder, err := New(cfg, b.Broker, smallPack(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return builder
}

// story makes events with fixed ids and times, so that datasets can be compared byte by byte.
type story struct{ events []event.Event }

func (s *story) add(data proto.Message) {
	n := len(s.events)
	e := event.New("test", data)
	e.ID = event.DeriveID("story", "test", n)
	e.Time = start.Add(time.Duration(n) * time.Second)
	s.events = append(s.events, e)
}

func traceID(n int) string { return fmt.Sprintf("%032x", n+1) }

// answer adds a distinct interaction with two sources, in a conversation of its own.
func (s *story) answer(n int, change ...func(*event.InteractionCaptured)) {
	in := &event.InteractionCaptured{
		TraceId: traceID(n), QueryId: fmt.Sprintf("query-%d", n), ThreadId: fmt.Sprintf("thread-%d", n),
		Question: fmt.Sprintf("Which limit does rule %d set for part %s?", 100+n, words[n%len(words)]),
		Answer:   fmt.Sprintf("Rule %d sets %d bar for part %s [doc-a].", 100+n, 7*n+3, words[n%len(words)]),
		State:    event.AnswerState_ANSWER_STATE_ANSWERED, Model: "extractive", PromptName: "react", PromptVersion: "1",
		Sources: []*event.Source{
			{DocumentId: "doc-a", Title: "Rules", Text: fmt.Sprintf("Rule %d sets %d bar.", 100+n, 7*n+3), Cited: true},
			{DocumentId: "doc-b", Title: "Parts", Text: "Parts are listed here."},
		},
	}
	for _, c := range change {
		c(in)
	}
	s.add(in)
}

var words = []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}

// scores adds the three scores that every answer gets.
func (s *story) scores(n int, hallucination, grounding, relevance float64) {
	s.score(n, "hallucination", hallucination, .8)
	s.score(n, "grounding", grounding, .62)
	s.score(n, "relevance", relevance, .9)
}

func (s *story) score(n int, name string, value, threshold float64) {
	s.add(&event.ScoreGiven{
		TraceId: traceID(n), Name: name, Value: &value, State: event.ScoreState_SCORE_STATE_OK,
		Direction: event.Direction_DIRECTION_HIGHER_IS_BETTER, Passed: value >= threshold, Threshold: threshold,
		EvaluatorVersion: name + "-1",
	})
}

func (s *story) abstained(n int, value *float64) {
	s.add(&event.ScoreGiven{
		TraceId: traceID(n), Name: "grounding", Value: value, State: event.ScoreState_SCORE_STATE_ABSTAINED,
		Direction: event.Direction_DIRECTION_HIGHER_IS_BETTER, EvaluatorVersion: "grounding-1",
	})
}

func (s *story) feedback(n int, user string, value float64, corrected string) {
	s.add(&event.FeedbackGiven{
		TraceId: traceID(n), Value: &value, CorrectedAnswer: corrected, Origin: &event.Origin{UserId: user},
	})
}

// history folds without a broker; every event lies on partition 0 of its topic.
func (s *story) history() *history {
	h := newHistory(nil)
	for i, e := range s.events {
		e.Position = event.Position{Topic: topic.For(e.Type), Offset: int64(i)}
		h.events = append(h.events, e)
	}
	return h
}

func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		raw, err := os.ReadFile(dir + "/" + e.Name())
		require.NoError(t, err)
		files[e.Name()] = string(raw)
	}
	return files
}
