package main

import (
	"context"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func reviewCommand(c *cli) *cobra.Command {
	cmd := group("review", "List actions that wait for a person, and decide")
	cmd.AddCommand(
		jsonFlag(c, &cobra.Command{
			Use: "list", Short: "List the actions that wait", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error { return c.listReviews(cmd.Context()) }),
		}),
		decideCommand(c, "approve", "Run the waiting action, with --arguments in place of its own if given", event.Decision_DECISION_APPROVE),
		decideCommand(c, "reject", "Do not run the waiting action; the answer says so", event.Decision_DECISION_REJECT),
	)
	return cmd
}

func (c *cli) listReviews(ctx context.Context) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	waiting, err := waitingReviews(ctx, b)
	if err != nil {
		return err
	}
	if c.json {
		return c.out.JSON(waiting)
	}
	if len(waiting) == 0 {
		c.out.Linef("no action waits for a review")
		return nil
	}
	for _, r := range waiting {
		c.out.Linef("%s  %s %s", c.out.Bold(term.Cut(r.GetReviewId(), 60)), term.Cut(r.GetTool(), 40), term.Cut(r.GetArguments(), 200))
		c.out.Linef("  asked: %s", term.Cut(r.GetQuestion(), 200))
		c.out.Linef("  %s", c.out.Dim("ragline review approve "+term.Cut(r.GetReviewId(), 60)+"   or   ragline review reject "+term.Cut(r.GetReviewId(), 60)))
	}
	return nil
}

// waitingReviews reads the whole topic: requests without a decision, oldest first.
func waitingReviews(ctx context.Context, b *broker.Broker) ([]*event.ReviewRequested, error) {
	var order []*event.ReviewRequested
	decided := map[string]bool{}
	seen := map[string]bool{}
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Reviews}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil {
			return nil //nolint:nilerr // a record that is no review cannot wait; the sink stores it
		}
		switch data := e.Data.(type) {
		case *event.ReviewRequested:
			if !seen[data.GetReviewId()] {
				seen[data.GetReviewId()] = true
				order = append(order, data)
			}
		case *event.ReviewDecided:
			decided[data.GetReviewId()] = true
		}
		return nil
	})
	waiting := order[:0]
	for _, r := range order {
		if !decided[r.GetReviewId()] {
			waiting = append(waiting, r)
		}
	}
	return waiting, err
}

func decideCommand(c *cli, verb, short string, decision event.Decision) *cobra.Command {
	var comment, reviewer, arguments string
	cmd := &cobra.Command{
		Use: verb + " REVIEW", Short: short, Args: args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			d := &event.ReviewDecided{ReviewId: args[0], Decision: decision, Comment: comment, Reviewer: reviewer, Arguments: arguments}
			if arguments != "" {
				d.Decision = event.Decision_DECISION_EDIT
			}
			return c.decide(cmd.Context(), d)
		}),
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why, for the record")
	cmd.Flags().StringVar(&reviewer, "reviewer", userName(), "who decides")
	if decision == event.Decision_DECISION_APPROVE {
		cmd.Flags().StringVar(&arguments, "arguments", "", "JSON arguments to run the action with")
	}
	return cmd
}

func (c *cli) decide(ctx context.Context, d *event.ReviewDecided) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	waiting, err := waitingReviews(ctx, b)
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if r.GetReviewId() == d.GetReviewId() {
			d.ThreadId = r.GetThreadId()
		}
	}
	if d.GetThreadId() == "" {
		return fmt.Errorf("review %s does not wait (decided already, or unknown): see `ragline review list`", d.GetReviewId())
	}
	pub, err := b.Publisher()
	if err != nil {
		return err
	}
	defer pub.Close()
	if err := pub.Publish(ctx, event.New("ragline/cli", d)); err != nil {
		return err
	}
	c.out.Linef("decided: %s", d.GetReviewId())
	return nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
