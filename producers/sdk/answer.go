package sdk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Answer is the agent's result for one question: its text, the sources, the steps, what it cost.
type Answer struct {
	*event.AnswerGiven
	// Time is when the answer was given, in UTC.
	Time time.Time
}

const (
	// clockSkew is how far the clock of whoever made a query id may be ahead of this client's.
	clockSkew = 5 * time.Second
	// searchMargin is how far before a query's time the search for its answer starts: offsets by time are cheap
	// to be generous with.
	searchMargin = 10 * time.Minute
)

// errFound ends the search of the log.
var errFound = errors.New("found")

// Answer returns the answer to a question that this or another client asked, and waits for it until ctx ends. The
// error is a *PendingError then. What was answered before this client listened is read from the log, from the time
// that is in the query id (a UUIDv7) on; for an id of another kind that means the whole topic.
func (c *Client) Answer(ctx context.Context, queryID string) (*Answer, error) {
	if queryID == "" {
		return nil, errors.New("looking up an answer: the query id is empty")
	}
	if err := c.Listen(ctx); err != nil {
		return nil, err
	}
	w := c.desk.wait(queryID, false)
	defer c.desk.leave(queryID, w)
	e := event.Event{ID: queryID, Data: &event.QueryAsked{}}
	if err := c.findEarlier(ctx, queryID); err != nil {
		return nil, pending(e, err)
	}
	return c.await(ctx, w, e, stream{})
}

// Recent returns what this client remembers about a question without waiting: its answer, or known without an answer
// when it was asked here and is not answered yet. Answers to other clients are remembered too, from Listen on.
func (c *Client) Recent(queryID string) (answer *Answer, known bool) { return c.desk.recall(queryID) }

// findEarlier delivers the answer to a query that may have been answered before the listener started.
func (c *Client) findEarlier(ctx context.Context, queryID string) error {
	if answer, _ := c.desk.recall(queryID); answer != nil {
		return nil
	}
	asked := timeOfID(queryID)
	if asked.After(c.listener.since().Add(clockSkew)) {
		return nil
	}
	offsets, err := c.offsetsAt(ctx, asked.Add(-searchMargin))
	if err != nil {
		return err
	}
	err = c.broker.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Answers}, Offsets: offsets, Stop: true}, func(r event.Record) error {
		e, a := c.answerOf(r)
		if a.GetQueryId() != queryID {
			return nil
		}
		c.desk.answered(&Answer{a, e.Time})
		return errFound
	})
	if err != nil && !errors.Is(err, errFound) {
		return fmt.Errorf("searching the log for it: %w", err)
	}
	return nil
}

func (c *Client) offsetsAt(ctx context.Context, t time.Time) (map[string]map[int32]int64, error) {
	listed, err := kadm.NewClient(c.admin).ListOffsetsAfterMilli(ctx, max(t.UnixMilli(), 0), topic.Answers)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("listing offsets of %s: %w", topic.Answers, err)
	}
	offsets := map[string]map[int32]int64{topic.Answers: {}}
	listed.Each(func(o kadm.ListedOffset) { offsets[o.Topic][o.Partition] = o.Offset })
	return offsets, nil
}

// answerOf returns the answer in a record of this client's tenant, or nil.
func (c *Client) answerOf(r event.Record) (event.Event, *event.AnswerGiven) {
	e, err := topic.Decode(r)
	if err != nil || e.Tenant != c.cfg.Tenant {
		return e, nil
	}
	a, _ := e.Data.(*event.AnswerGiven)
	return e, a
}

// timeOfID returns the time in a UUIDv7, or the zero time for any other id.
func timeOfID(id string) time.Time {
	if len(id) != 36 || id[14] != '7' {
		return time.Time{}
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(id[:13], "-", ""))
	if err != nil || len(raw) != 6 {
		return time.Time{}
	}
	var ms int64
	for _, b := range raw {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms)
}

// clone gives each caller an answer of its own.
func (a *Answer) clone() *Answer {
	return &Answer{proto.Clone(a.AnswerGiven).(*event.AnswerGiven), a.Time}
}
