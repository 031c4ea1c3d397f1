package promoter

import (
	"context"
	"time"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/schemas/event"
)

// measures are the evaluators that decide.
func measures() []string {
	return []string{"grounding", "hallucination", "relevance", "domain_accuracy"}
}

// results are the values of a version: for each measure, one for each row, nil where the measure says nothing about it.
type results map[string][]*float64

// collect waits until the evaluator has spoken about every answer of the versions. It waits as long as it takes: an
// evaluator that is down is no fault of the candidate.
func (p *Promoter) collect(ctx context.Context, c candidate, rows []row) error {
	patience := time.NewTimer(p.cfg.Patience)
	defer patience.Stop()
	open := -1
	for {
		changed := p.view.change()
		left := p.unscored(c.version, rows)
		if c.incumbent != nil {
			left += p.unscored(*c.incumbent, rows)
		}
		if left == 0 || !p.view.stands(c) {
			return nil
		}
		if left != open {
			open = left
			patience.Reset(p.cfg.Patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-patience.C: // once: it is reset by progress only
			p.logger.Warn("the promoter waits for scores: is the evaluator running, with RAGLINE_EVALUATOR_SAMPLE=1?",
				"model", c.version.ServedName(), "answers_without_scores", left)
		}
	}
}

// unscored counts the answers that a measure is missing of.
func (p *Promoter) unscored(v registry.Version, rows []row) int {
	n := 0
	for _, r := range rows {
		scores := p.view.scoresOf(traceOf(v, r))
		for _, name := range measures() {
			if scores[name] == nil {
				n++
				break
			}
		}
	}
	return n
}

func (p *Promoter) results(v registry.Version, rows []row) results {
	out := results{}
	for _, name := range measures() {
		out[name] = make([]*float64, len(rows))
	}
	for i, r := range rows {
		scores := p.view.scoresOf(traceOf(v, r))
		for _, name := range measures() {
			out[name][i] = valueOf(scores[name])
		}
	}
	return out
}

// valueOf turns a score so that higher is better. An abstention that nobody can confirm is worth nothing: the rows are
// questions with a verified answer. Without context, where nothing applies and where the evaluator failed there is no value.
func valueOf(s *event.ScoreGiven) *float64 {
	switch s.GetState() {
	case event.ScoreState_SCORE_STATE_OK:
	case event.ScoreState_SCORE_STATE_ABSTAINED:
		if s.Value == nil {
			return new(float64)
		}
	default:
		return nil
	}
	if s.Value == nil {
		return nil
	}
	value := s.GetValue()
	if s.GetDirection() == event.Direction_DIRECTION_LOWER_IS_BETTER {
		value = 1 - value
	}
	return &value
}
