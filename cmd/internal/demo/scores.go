package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// evaluators is how many scores each answer gets from the built-in evaluators.
const evaluators = 4

// scoreTimeout bounds the wait for the scores of one answer; they take milliseconds.
const scoreTimeout = 10 * time.Second

// scores collects score events as they arrive.
type scores struct {
	mu      sync.Mutex
	byTrace map[string]map[string]*event.ScoreGiven
	arrived chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

// listen follows the scores from now on.
func listen(ctx context.Context, b *broker.Broker) (*scores, error) {
	ctx, stop := context.WithCancel(ctx)
	s := &scores{byTrace: map[string]map[string]*event.ScoreGiven{}, arrived: make(chan struct{}, 1), stop: stop, done: make(chan struct{})}
	started := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(s.done)
		failed <- b.Follow(ctx, broker.FollowConfig{
			Topics: []string{topic.Scores}, From: broker.FromEnd, CaughtUp: func() { close(started) },
		}, s.take)
	}()
	select {
	case <-started:
		return s, nil
	case err := <-failed:
		stop()
		return nil, fmt.Errorf("following the scores: %w", err)
	}
}

func (s *scores) close() {
	s.stop()
	<-s.done
}

func (s *scores) take(r event.Record) error {
	e, err := topic.Decode(r)
	score, ok := e.Data.(*event.ScoreGiven)
	if err != nil || !ok {
		return nil // what is no score is not shown; the sink stores it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byTrace[score.GetTraceId()] == nil {
		s.byTrace[score.GetTraceId()] = map[string]*event.ScoreGiven{}
	}
	s.byTrace[score.GetTraceId()][score.GetName()] = score
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	return nil
}

// wait returns the scores of a trace, sorted by name, when all are there or time is up.
func (s *scores) wait(ctx context.Context, traceID string) []*event.ScoreGiven {
	ctx, cancel := context.WithTimeout(ctx, scoreTimeout)
	defer cancel()
	for {
		if got := s.of(traceID); len(got) >= evaluators {
			return got
		}
		select {
		case <-s.arrived:
		case <-ctx.Done():
			return s.of(traceID)
		}
	}
}

func (s *scores) of(traceID string) []*event.ScoreGiven {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*event.ScoreGiven
	for _, score := range s.byTrace[traceID] {
		all = append(all, score)
	}
	slices.SortFunc(all, func(a, b *event.ScoreGiven) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

func (d *Demo) printScores(all []*event.ScoreGiven) {
	if len(all) == 0 {
		d.Out.Linef("    %s", d.Out.Odd("no scores yet: is the evaluator running?"))
		return
	}
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = term.Cut(s.GetName(), 40) + " " + d.value(s)
	}
	d.Out.Linef("    %s", strings.Join(parts, "  "))
}

func (d *Demo) value(s *event.ScoreGiven) string {
	if s.Value == nil {
		return d.Out.Dim("-")
	}
	text := fmt.Sprintf("%.2f", s.GetValue())
	if s.GetPassed() {
		return d.Out.Good(text)
	}
	return d.Out.Bad(text)
}
