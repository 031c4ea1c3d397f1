package evaluator

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

func (c *consumer) onInteraction(ctx context.Context, e event.Event, in *event.InteractionCaptured, out stream.Emitter) error {
	if in.GetTraceId() == "" {
		return stream.Drop(fmt.Errorf("judging event %s: %w", e.ID, ErrNoInteraction))
	}
	// The gate waits for each of its answers to be judged.
	if in.GetOrigin().GetEnvironment() != event.EnvironmentGate && !sampled(in.GetTraceId(), c.cfg.Sample) {
		return nil
	}
	scores, err := c.scores(ctx, in)
	if err != nil {
		return err
	}
	for _, s := range scores {
		out.Emit(s)
	}
	return nil
}

// scores asks all evaluators. It fails only when ctx ends: a shutdown is not an evaluator's error.
func (c *consumer) scores(ctx context.Context, in *event.InteractionCaptured) ([]*event.ScoreGiven, error) {
	shared := withAnalysis(ctx, in, c.notFound)
	scores := make([]*event.ScoreGiven, 0, len(c.evaluators))
	for _, e := range c.evaluators {
		result, err := guard(shared, e, in)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			c.logger.Warn("evaluator failed, its score has no value", "evaluator", e.Name(), "trace_id", in.GetTraceId(), "error", err)
			result = Result{
				State:       event.ScoreState_SCORE_STATE_ERROR,
				Explanation: "The evaluator failed: " + err.Error() + ".",
			}
		}
		scores = append(scores, toEvent(e, in, result))
	}
	return scores, nil
}

// guard turns a panic of one evaluator into its error, so that the others still speak.
func guard(ctx context.Context, e Evaluator, in *event.InteractionCaptured) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = Result{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return e.Evaluate(ctx, in)
}

func toEvent(e Evaluator, in *event.InteractionCaptured, r Result) *event.ScoreGiven {
	s := &event.ScoreGiven{
		TraceId:            in.GetTraceId(),
		QueryId:            in.GetQueryId(),
		ThreadId:           in.GetThreadId(),
		Name:               e.Name(),
		Value:              r.Value,
		Label:              r.Label,
		Explanation:        r.Explanation,
		State:              r.State,
		Direction:          event.Direction_DIRECTION_HIGHER_IS_BETTER,
		Passed:             r.Passed(),
		Threshold:          r.Threshold,
		Evaluator:          "ragline/" + e.Name(),
		CalibrationVersion: r.CalibrationVersion,
		Evidence:           r.Evidence,
		Features:           r.Features,
	}
	if v, ok := e.(Versioned); ok {
		s.EvaluatorVersion = v.Version()
	}
	return s
}
