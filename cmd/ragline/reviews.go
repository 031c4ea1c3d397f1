package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/cmd/internal/threads"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// review is a request with what was decided on it, nil while it waits.
type review struct {
	*event.ReviewRequested

	at      time.Time
	decided *event.ReviewDecided
}

// reviews reads the whole topic, oldest first. The first decision counts.
func (c *cli) reviews(ctx context.Context, b *broker.Broker) ([]*review, error) {
	w := newWait(c.err)
	defer w.end()
	w.on("reading the reviews")
	var order []*review
	byID := map[string]*review{}
	decided := map[string]*event.ReviewDecided{} // may stand in another partition, and be read first
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Reviews}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil {
			return nil //nolint:nilerr // a record that is no review cannot wait; the sink stores it
		}
		switch data := e.Data.(type) {
		case *event.ReviewRequested:
			if id := data.GetReviewId(); byID[id] == nil {
				byID[id] = &review{ReviewRequested: data, at: e.Time}
				order = append(order, byID[id])
			}
		case *event.ReviewDecided:
			if id := data.GetReviewId(); decided[id] == nil {
				decided[id] = data
			}
		}
		return nil
	})
	for id, d := range decided {
		if byID[id] != nil {
			byID[id].decided = d
		}
	}
	return order, err
}

// waiting are the reviews without a decision.
func waiting(all []*review) []*review {
	return slices.DeleteFunc(slices.Clone(all), func(r *review) bool { return r.decided != nil })
}

// findReview returns the review whose id is given, or begins with what is given. Those that wait come first.
func findReview(all []*review, id string) (*review, error) {
	byID := map[string]*review{}
	var waits, ids []string
	for _, r := range all {
		byID[r.GetReviewId()], ids = r, append(ids, r.GetReviewId())
		if r.decided == nil {
			waits = append(waits, r.GetReviewId())
		}
	}
	var unknown *threads.Unknown
	found, err := threads.Pick("review", id, waits)
	if errors.As(err, &unknown) {
		found, err = threads.Pick("review", id, ids)
	}
	if errors.As(err, &unknown) {
		err = fmt.Errorf("%w (`ragline review list` lists those that wait)", err)
	}
	return byID[found], err
}

// takes says why a decision is too late, or not allowed.
func (r *review) takes(d event.Decision) error {
	if r.decided != nil {
		return fmt.Errorf("review %s does not wait any more: %s decided to %s (`ragline review show %s`)",
			r.GetReviewId(), who(r.decided), word(r.decided.GetDecision()), r.GetReviewId())
	}
	if allowed := r.GetAllowedDecisions(); len(allowed) > 0 && !slices.Contains(allowed, word(d)) {
		return fmt.Errorf("review %s cannot be decided so: allowed are %s", r.GetReviewId(), strings.Join(allowed, ", "))
	}
	return nil
}

// word is a decision as the contract's allowed_decisions name it.
func word(d event.Decision) string {
	return strings.ToLower(strings.TrimPrefix(d.String(), "DECISION_"))
}

func who(d *event.ReviewDecided) string {
	if d.GetReviewer() == "" {
		return "somebody"
	}
	return term.Cut(d.GetReviewer(), 60)
}

func (c *cli) listReviews(ctx context.Context) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	all, err := c.reviews(ctx, b)
	if err != nil {
		return err
	}
	list := waiting(all)
	if c.json {
		requests := make([]*event.ReviewRequested, len(list))
		for i, r := range list {
			requests[i] = r.ReviewRequested
		}
		return c.out.JSON(requests)
	}
	if len(list) == 0 {
		c.out.Linef("no action waits for a review")
		return nil
	}
	for _, r := range list {
		id := term.Cut(r.GetReviewId(), 60)
		c.out.Linef("%s  %s %s", c.out.Bold(id), term.Cut(r.GetTool(), 40), term.Cut(r.GetArguments(), 200))
		c.out.Linef("  asked: %s", term.Cut(r.GetQuestion(), 200))
		c.out.Linef("  since: %s, %s", clock(r.at), ago(r.at, time.Now()))
		c.out.Linef("  %s", c.out.Dim("ragline review approve "+id+"   or   reject, edit, respond, show"))
	}
	return nil
}

// reviewView is a review with its decision, for scripts.
type reviewView struct {
	*event.ReviewRequested

	RequestedAt time.Time     `json:"requested_at"`
	Decision    *decisionView `json:"decided,omitempty"`
}

type decisionView struct {
	ReviewID  string          `json:"review_id"`
	ThreadID  string          `json:"thread_id"`
	Decision  string          `json:"decision"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Comment   string          `json:"comment,omitempty"`
	Reviewer  string          `json:"reviewer,omitempty"`
}

func viewDecision(d *event.ReviewDecided) *decisionView {
	v := &decisionView{ReviewID: d.GetReviewId(), ThreadID: d.GetThreadId(), Decision: word(d.GetDecision()), Comment: d.GetComment(), Reviewer: d.GetReviewer()}
	if json.Valid([]byte(d.GetArguments())) {
		v.Arguments = json.RawMessage(d.GetArguments())
	}
	return v
}

func (c *cli) showReview(ctx context.Context, id string) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	all, err := c.reviews(ctx, b)
	if err != nil {
		return err
	}
	r, err := findReview(all, id)
	if err != nil {
		return err
	}
	if c.json {
		v := reviewView{ReviewRequested: r.ReviewRequested, RequestedAt: r.at}
		if r.decided != nil {
			v.Decision = viewDecision(r.decided)
		}
		return c.out.JSON(v)
	}
	c.printReview(r)
	return nil
}

func (c *cli) printReview(r *review) {
	for _, line := range [][2]string{
		{"review", r.GetReviewId()},
		{"action", r.GetTool()},
		{"what", r.GetDescription()},
		{"asked", r.GetQuestion()},
		{"thread", r.GetThreadId()},
		{"query", r.GetQueryId()},
		{"trace", r.GetTraceId()},
		{"since", clock(r.at) + ", " + ago(r.at, time.Now())},
	} {
		if line[1] != "" {
			c.out.Linef("%s %s", c.out.Dim(pad(line[0], 9)), term.Cut(line[1], 400))
		}
	}
	c.out.Linef("%s %s", c.out.Dim(pad("arguments", 9)), term.Clean(indented(r.GetArguments())))
	if d := r.decided; d != nil {
		c.out.Linef("%s %s, by %s", c.out.Dim(pad("decided", 9)), word(d.GetDecision()), who(d))
		if d.GetComment() != "" {
			c.out.Linef("%s %s", pad("", 9), term.Cut(d.GetComment(), 400))
		}
		if d.GetArguments() != "" {
			c.out.Linef("%s %s", pad("", 9), term.Clean(indented(d.GetArguments())))
		}
		return
	}
	c.out.Linef("%s %s", c.out.Odd(pad("waits", 9)), c.out.Dim("ragline review approve "+term.Cut(r.GetReviewId(), 60)+"   or   reject, edit, respond"))
}

// indented is JSON on lines below each other, behind the labels of printReview.
func indented(text string) string {
	raw, err := json.MarshalIndent(json.RawMessage(text), strings.Repeat(" ", 10), "  ")
	if err != nil {
		return text
	}
	return string(raw)
}
