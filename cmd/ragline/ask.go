package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ragline/ragline/cmd/internal/demo"
	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/sdk"
)

func askCommand(c *cli) *cobra.Command {
	var q sdk.Question
	var timeout time.Duration
	var noWait bool
	cmd := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Ask a question and print the answer as it is written, with its sources",
		Example: `  ragline ask "What does API 641 cover?"
  ragline ask --thread demo "And what does it exclude?"
  ragline ask --json "Which gas does the API 622 fixture use?"`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			q.Text = strings.Join(args, " ")
			client, err := c.client(cmd.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			if noWait {
				id, err := client.AskAsync(cmd.Context(), q)
				if err != nil {
					return err
				}
				c.out.Linef("%s", id)
				return nil
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return c.ask(ctx, client, q)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&q.ThreadID, "thread", "", "conversation to continue (default: a new one)")
	flags.StringVar(&q.UserID, "user", "", "user who asks")
	flags.StringSliceVar(&q.Tags, "tag", nil, "label for filtering; may be repeated")
	flags.IntVar(&q.MaxSteps, "max-steps", 0, "upper bound of the agent's steps (default: the agent's setting)")
	flags.DurationVar(&timeout, "timeout", time.Minute, "how long to wait for the answer")
	flags.BoolVar(&noWait, "no-wait", false, "print the query id and do not wait")
	return jsonFlag(c, cmd)
}

// client opens the SDK as the command line's user.
func (c *cli) client(ctx context.Context) (*sdk.Client, error) {
	b, err := c.broker(ctx)
	if err != nil {
		return nil, err
	}
	return sdk.Open(ctx, sdk.Config{Tenant: c.cfg.General.Tenant, Source: "ragline/cli", Mask: c.cfg.Mask}, sdk.WithBroker(b), sdk.WithLogger(c.logger()))
}

func (c *cli) ask(ctx context.Context, client *sdk.Client, q sdk.Question) error {
	streamed := false
	chunk := func(text string) {
		streamed = true
		fmt.Fprint(c.out.Writer(), term.Clean(text))
	}
	if c.json || !c.out.Terminal() {
		chunk = func(string) {}
	}
	answer, err := client.AskStream(ctx, q, chunk)
	var pending *sdk.PendingError
	if errors.As(err, &pending) {
		return fmt.Errorf("no answer to query %s yet: the agent may be down (`ragline doctor`), or the run waits for a person (`ragline review list`)", pending.QueryID)
	}
	if err != nil {
		return err
	}
	if c.json {
		text, err := protojson.MarshalOptions{Multiline: true}.Marshal(answer.AnswerGiven)
		if err != nil {
			return fmt.Errorf("printing the answer: %w", err)
		}
		c.out.Linef("%s", text)
	} else {
		c.printAnswer(answer, streamed)
	}
	if !answer.GetSuccess() {
		return errSaid
	}
	return nil
}

func (c *cli) printAnswer(a *sdk.Answer, streamed bool) {
	if !streamed {
		fmt.Fprint(c.out.Writer(), term.Clean(a.GetText()))
	}
	c.out.Linef("")
	for _, s := range demo.Citations(a) {
		c.out.Linef("%s", c.out.Dim("  "+s))
	}
	if a.GetError() != "" {
		c.out.Linef("%s", c.out.Bad(term.Cut(a.GetError(), 300)))
	}
	c.out.Linef("%s", c.out.Dim(fmt.Sprintf("  %s, %d steps, %d ms, thread %s, trace %s", term.Cut(a.GetModel(), 40), len(a.GetSteps()), a.GetTotalTimeMs(), term.Cut(a.GetThreadId(), 60), a.GetTraceId())))
}
