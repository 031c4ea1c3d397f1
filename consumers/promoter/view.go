package promoter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// tracePrefix begins the ids of our traces ("gate" in hex): scores are read without knowing their interaction.
const tracePrefix = "67617465"

// traceOf is the trace of a version's answer to a row. The packaged file and the row's text are parts of it: a version that
// is packaged again with another quantisation answers again, and so does a row that says something else in another dataset.
func traceOf(v registry.Version, r row) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"ragline:gate:v1", v.Model, v.Version, v.Packaged.GetSha256(), r.ID, r.sha256()}, "\x00")))
	return tracePrefix + hex.EncodeToString(sum[:12])
}

// candidate is a version to judge against the one that answers, nil where there is none.
type candidate struct {
	version   registry.Version
	incumbent *registry.Version
	// gone is the version that answers when it cannot be asked any more; incumbent is then nil.
	gone *registry.Version
}

// view is what the log says of the series and of our questions.
type view struct {
	model string

	mu       sync.Mutex
	registry *registry.Registry
	answered map[string]struct{}
	scores   map[string]map[string]*event.ScoreGiven
	caughtUp bool
	// answersKnown says that the gate's answers and scores in the log are known.
	answersKnown bool
	changed      chan struct{}
}

func newView(model string) *view {
	return &view{
		model: model, registry: registry.New(), answered: map[string]struct{}{},
		scores: map[string]map[string]*event.ScoreGiven{}, changed: make(chan struct{}),
	}
}

// followModels follows the state of the series.
func (v *view) followModels(ctx context.Context, b *broker.Broker) error {
	return v.follow(ctx, b, func() { v.update(func() { v.caughtUp = true }) }, topic.Models)
}

// followAnswers follows what was answered and judged. Most of it is not ours, so nobody reads it before there is a candidate.
func (v *view) followAnswers(ctx context.Context, b *broker.Broker) error {
	return v.follow(ctx, b, func() { v.update(func() { v.answersKnown = true }) }, topic.Interactions, topic.Scores)
}

func (v *view) follow(ctx context.Context, b *broker.Broker, caughtUp func(), topics ...string) error {
	if err := b.Follow(ctx, broker.FollowConfig{Topics: topics, CaughtUp: caughtUp}, v.take); err != nil {
		return fmt.Errorf("following %s: %w", strings.Join(topics, " and "), err)
	}
	return nil
}

func (v *view) take(r event.Record) error {
	e, err := topic.Decode(r)
	if err != nil {
		return nil //nolint:nilerr // what is no event of this version is kept by the sink
	}
	switch d := e.Data.(type) {
	case *event.InteractionCaptured:
		if strings.HasPrefix(d.GetTraceId(), tracePrefix) {
			v.answer(d.GetTraceId())
		}
	case *event.ScoreGiven:
		if strings.HasPrefix(d.GetTraceId(), tracePrefix) && d.GetSpanId() == "" {
			v.update(func() { v.score(d) })
		}
	default:
		v.update(func() { v.registry.Take(e) })
	}
	return nil
}

func (v *view) score(s *event.ScoreGiven) {
	of := v.scores[s.GetTraceId()]
	if of == nil {
		of = map[string]*event.ScoreGiven{}
		v.scores[s.GetTraceId()] = of
	}
	of[s.GetName()] = s
}

// update changes the view and wakes those that wait for a change.
func (v *view) update(fn func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fn()
	close(v.changed)
	v.changed = make(chan struct{})
}

// change is closed at the next change.
func (v *view) change() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// answer notes that a trace's answer is in the log.
func (v *view) answer(trace string) { v.update(func() { v.answered[trace] = struct{}{} }) }

func (v *view) knowsAnswers() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.answersKnown
}

func (v *view) hasAnswer(trace string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.answered[trace]
	return ok
}

// scoresOf returns a copy of the scores of a trace.
func (v *view) scoresOf(trace string) map[string]*event.ScoreGiven {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[string]*event.ScoreGiven, len(v.scores[trace]))
	for name, s := range v.scores[trace] {
		out[name] = s
	}
	return out
}

// candidate returns the oldest version that is packaged and undecided, once all of the series is known.
func (v *view) candidate() (candidate, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.caughtUp {
		return candidate{}, false
	}
	s := v.registry.Series(v.model)
	for _, version := range s.Versions {
		if version.State == registry.StatePackaged && version.ServedName() != "" {
			c := candidate{version: *version}
			if s.Promoted != nil {
				incumbent := *s.Promoted
				c.incumbent = &incumbent
			}
			return c, true
		}
	}
	return candidate{}, false
}

// promoted returns the version that answers, or one without a name.
func (v *view) promoted() *registry.Version {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.registry.Series(v.model).Promoted; p != nil && v.caughtUp {
		answering := *p
		return &answering
	}
	return &registry.Version{}
}

// stands says whether a candidate is still undecided and its incumbent still the one that answers.
func (v *view) stands(c candidate) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.registry.Series(v.model)
	version := s.Find(c.version.Version)
	if version == nil || version.State != registry.StatePackaged {
		return false
	}
	answers := c.answering()
	if answers == nil || s.Promoted == nil {
		return answers == nil && s.Promoted == nil
	}
	return s.Promoted.Version == answers.Version
}
