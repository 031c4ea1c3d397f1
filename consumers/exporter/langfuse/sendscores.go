package langfuse

import (
	"context"
	"errors"
	"sync"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// scoreSenders is how many scores are on their way at a time: the endpoint takes them one by one.
const scoreSenders = 8

// sendScores sends the events with the indexes.
func (b *otlp) sendScores(ctx context.Context, events []event.Event, indexes []int) (trace.Result, error) {
	if len(indexes) == 0 {
		return trace.Result{}, nil
	}
	if b.cfg.Scores == ScoresIngestion {
		return b.ingest(ctx, events, indexes)
	}
	results := make([]error, len(events))
	slots := make(chan struct{}, scoreSenders)
	var senders sync.WaitGroup
	var result trace.Result
	for _, i := range indexes {
		body, reason := b.scoreOf(events[i])
		if reason != "" {
			result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: reason})
			results[i] = errRefused
			continue
		}
		slots <- struct{}{}
		senders.Go(func() {
			defer func() { <-slots }()
			_, results[i] = b.post(ctx, "/api/public/scores", body)
		})
	}
	senders.Wait()
	return b.readScores(ctx, result, results, indexes)
}

var errRefused = errors.New("refused here")

// readScores settles what was taken. Scores that LangFuse refuses one by one are refused for good only if it is LangFuse
// that answers there.
func (b *otlp) readScores(ctx context.Context, result trace.Result, results []error, indexes []int) (trace.Result, error) {
	var failed error
	var refused []trace.Rejection
	for _, i := range indexes {
		var rejected *trace.RejectedError
		switch err := results[i]; {
		case err == nil || errors.Is(err, trace.ErrDuplicate):
			result.Settled = append(result.Settled, i)
		case errors.Is(err, errRefused):
		case errors.As(err, &rejected) || errors.Is(err, trace.ErrTooLarge):
			refused = append(refused, trace.Rejection{Index: i, Reason: err.Error()})
		default:
			failed = worse(failed, err)
		}
	}
	if len(refused) > 0 && failed == nil {
		_, failed = b.Check(ctx)
	}
	if failed == nil {
		result.Rejected = append(result.Rejected, refused...)
	}
	return result, failed
}

// worse keeps the error that the exporter should act on: a refused key, or else one that leaves a doubt.
func worse(a, b error) error {
	weight := func(err error) int {
		var blocked *trace.BlockedError
		var retry *trace.RetryError
		switch {
		case err == nil:
			return 0
		case errors.As(err, &retry) && retry.NothingTaken:
			return 1
		case errors.As(err, &retry):
			return 2
		case errors.As(err, &blocked):
			return 1
		default:
			return 3
		}
	}
	if weight(b) > weight(a) {
		return b
	}
	return a
}
