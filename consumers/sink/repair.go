package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/consumers/stream"
)

const (
	// settle is how long an insert of a predecessor, whose token is taken, may need until its rows can be seen. It
	// needs less than a millisecond between the two; rows that were not seen by then are lost.
	settle = time.Second
	// maxRepairs bounds the crashes in a row of one batch that each took a token without storing its rows.
	maxRepairs = 10
)

// ErrNotKept says that ClickHouse acknowledges rows and does not have them afterwards.
var ErrNotKept = errors.New("ClickHouse acknowledged rows that it does not have")

// repair stores what ClickHouse took for a repeat and does not have: an engine that is killed after it wrote a token
// down and before it gave the part its name knows the token and has no rows.
//
// Tokens are taken in the same order by whoever handles the batch, and the next one only after the one before was
// answered and its rows cannot be seen. So an insert that is still running on its way is never overtaken by another
// token for the same rows.
func (s *Sink) repair(ctx context.Context, b stream.Batch) error {
	for again := 1; ; again++ {
		missing, err := s.missing(ctx, b)
		if err != nil || len(missing) == 0 {
			return err
		}
		if again > maxRepairs {
			return fmt.Errorf("storing again, %d times: %w", maxRepairs, ErrNotKept)
		}
		if err := s.pause(ctx, settle); err != nil {
			return err
		}
		missing, err = s.missing(ctx, b)
		if err != nil || len(missing) == 0 {
			return err
		}
		s.logger.Warn("a crash of ClickHouse lost rows, storing them again", "topic", b.Topic, "partition", b.Partition,
			"from", b.From, "to", b.To, "blocks", len(missing), "try", again)
		if err := s.insert(ctx, b, missing, fmt.Sprint("/again-", again)); err != nil {
			return err
		}
	}
}

// missing returns what ClickHouse has not of the batch, as blocks.
func (s *Sink) missing(ctx context.Context, b stream.Batch) ([]part, error) {
	has, err := s.look(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.blocks(b, has)
}
