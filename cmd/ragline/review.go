package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/schemas/event"
)

func reviewCommand(c *cli) *cobra.Command {
	cmd := group("review", "List actions that wait for a person, and decide")
	cmd.Long = `List the actions that wait for a person, and decide on them. A decision is an event on the reviews topic: the first one counts,
and the agent goes on with it, now or once it is up. REVIEW may be the beginning of an id.`
	cmd.Example = `  ragline review list
  ragline review approve 14d33a65`
	cmd.AddCommand(
		jsonFlag(c, &cobra.Command{
			Use: "list", Short: "List the actions that wait", Args: args(cobra.NoArgs), Example: `  ragline review list --json`,
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error { return c.listReviews(cmd.Context()) }),
		}),
		jsonFlag(c, &cobra.Command{
			Use: "show REVIEW", Short: "Show an action, who asked for it, and what was decided", Args: args(cobra.ExactArgs(1)),
			Example: `  ragline review show 14d33a65`,
			RunE:    c.withConfig(func(cmd *cobra.Command, args []string) error { return c.showReview(cmd.Context(), args[0]) }),
		}),
		approveCommand(c), rejectCommand(c), editCommand(c), respondCommand(c),
	)
	return cmd
}

func approveCommand(c *cli) *cobra.Command {
	var arguments string
	cmd := decideCommand(c, "approve REVIEW", "Run the waiting action as it stands", func(_ io.Reader, d *event.ReviewDecided, _ []string) error {
		d.Decision = event.Decision_DECISION_APPROVE
		if arguments != "" {
			return editWith(d, arguments)
		}
		return nil
	})
	cmd.Example = `  ragline review approve 14d33a65`
	cmd.Flags().StringVar(&arguments, "arguments", "", "JSON arguments to run the action with")
	_ = cmd.Flags().MarkHidden("arguments") // it came before review edit; the flag is there
	return cmd
}

func rejectCommand(c *cli) *cobra.Command {
	cmd := decideCommand(c, "reject REVIEW", "Do not run the waiting action; the answer says so", func(_ io.Reader, d *event.ReviewDecided, _ []string) error {
		d.Decision = event.Decision_DECISION_REJECT
		return nil
	})
	cmd.Example = `  ragline review reject 14d33a65 --comment "the customer is blocked"`
	return cmd
}

func editCommand(c *cli) *cobra.Command {
	cmd := decideCommand(c, "edit REVIEW ARGUMENTS", "Run the waiting action with other arguments", func(in io.Reader, d *event.ReviewDecided, args []string) error {
		text := args[1]
		if text == "-" {
			raw, err := io.ReadAll(io.LimitReader(in, event.MaxValueBytes))
			if err != nil {
				return err
			}
			text = string(raw)
		}
		return editWith(d, text)
	})
	cmd.Args = args(cobra.ExactArgs(2))
	cmd.Long = "Run the waiting action with ARGUMENTS, a JSON object in place of its own; - reads it from standard input."
	cmd.Example = `  ragline review edit 14d33a65 '{"customer": "Acme Pumps", "items": [{"style": "NS-P120", "quantity": 7}]}'`
	return cmd
}

func editWith(d *event.ReviewDecided, arguments string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(arguments), &object); err != nil || object == nil {
		if err == nil {
			err = errors.New("it is null")
		}
		return usagef("the arguments are no JSON object: %w", err)
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, []byte(arguments)) // it has been read
	d.Decision, d.Arguments = event.Decision_DECISION_EDIT, compact.String()
	return nil
}

func respondCommand(c *cli) *cobra.Command {
	cmd := decideCommand(c, "respond REVIEW TEXT", "Do not run the waiting action; the agent goes on with your words as its result", func(_ io.Reader, d *event.ReviewDecided, args []string) error {
		if d.Comment != "" {
			return usagef("the TEXT is the comment: leave --comment out")
		}
		if d.Comment = strings.TrimSpace(strings.Join(args[1:], " ")); d.Comment == "" {
			return usagef("TEXT is empty: say what the agent is to go on with")
		}
		d.Decision = event.Decision_DECISION_RESPOND
		return nil
	})
	cmd.Args = args(cobra.MinimumNArgs(2))
	cmd.Example = `  ragline review respond 14d33a65 "Acme has a frame contract: refer to its prices"`
	return cmd
}

// decideCommand is one of the decisions. Fill makes it of the arguments.
func decideCommand(c *cli, use, short string, fill func(in io.Reader, d *event.ReviewDecided, args []string) error) *cobra.Command {
	var d event.ReviewDecided
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if err := fill(cmd.InOrStdin(), &d, args); err != nil {
				return err
			}
			return c.decide(cmd.Context(), args[0], &d)
		}),
	}
	cmd.Flags().StringVar(&d.Comment, "comment", "", "why, for the record")
	cmd.Flags().StringVar(&d.Reviewer, "reviewer", userName(), "who decides")
	return jsonFlag(c, cmd)
}

// decide publishes a decision on a review that waits.
func (c *cli) decide(ctx context.Context, id string, d *event.ReviewDecided) error {
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
	if err := r.takes(d.GetDecision()); err != nil {
		return err
	}
	d.ReviewId, d.ThreadId = r.GetReviewId(), r.GetThreadId()
	pub, err := b.Publisher()
	if err != nil {
		return err
	}
	defer pub.Close()
	if err := pub.Publish(ctx, event.New("ragline/cli", d)); err != nil {
		return err
	}
	if c.json {
		return c.out.JSON(viewDecision(d))
	}
	c.out.Linef("decided: %s", d.GetReviewId())
	c.out.Linef("  %s", c.out.Dim("what comes of it: ragline history "+d.GetThreadId()))
	return nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
