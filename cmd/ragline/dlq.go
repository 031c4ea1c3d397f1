package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func dlqCommand(c *cli) *cobra.Command {
	cmd := group("dlq", "List, show and redrive dead letters")
	cmd.AddCommand(
		jsonFlag(c, &cobra.Command{
			Use: "list [GROUP]", Short: "List the records that consumer groups gave up, newest last", Args: args(cobra.MaximumNArgs(1)),
			RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
				letters, err := c.deadLetters(cmd.Context(), args)
				if err != nil {
					return err
				}
				return c.printDeadLetters(letters)
			}),
		}),
		jsonFlag(c, &cobra.Command{
			Use: "show GROUP OFFSET", Short: "Show one dead letter with its headers and value", Args: args(cobra.ExactArgs(2)),
			RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
				letter, err := c.deadLetter(cmd.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				return c.showDeadLetter(letter)
			}),
		}),
		redriveCommand(c),
	)
	return cmd
}

// letterRow is one dead letter for people and scripts.
type letterRow struct {
	Group    string    `json:"group"`
	Offset   int64     `json:"offset"`
	Reason   string    `json:"reason"`
	Message  string    `json:"message"`
	From     string    `json:"from"`
	Attempts int       `json:"attempts"`
	Failed   time.Time `json:"first_failed_at"`
	Version  string    `json:"code_version"`
	Key      string    `json:"key,omitempty"`
	Value    string    `json:"value,omitempty"`
	Headers  []string  `json:"headers,omitempty"`
}

func row(d stream.DeadLetter) letterRow {
	o := d.Original()
	return letterRow{
		Group: strings.TrimPrefix(d.Position.Topic, topic.DeadLetters("")), Offset: d.Position.Offset,
		Reason: string(d.Reason), Message: d.Message, From: fmt.Sprintf("%s/%d/%d", o.Topic, o.Partition, o.Offset),
		Attempts: d.Attempts, Failed: d.FirstFailed, Version: d.CodeVersion,
	}
}

// deadLetters reads all dead letters, or those of one group.
func (c *cli) deadLetters(ctx context.Context, groups []string) ([]stream.DeadLetter, error) {
	b, err := c.broker(ctx)
	if err != nil {
		return nil, err
	}
	topics, err := b.DeadLetterTopics(ctx)
	if err != nil {
		return nil, err
	}
	if len(groups) == 1 {
		want := topic.DeadLetters(groups[0])
		if !slices.Contains(topics, want) {
			return nil, usagef("group %q has no dead letters topic; there are %s", groups[0], strings.Join(topics, ", "))
		}
		topics = []string{want}
	}
	if len(topics) == 0 {
		return nil, nil
	}
	var letters []stream.DeadLetter
	err = b.Follow(ctx, broker.FollowConfig{Topics: topics, Stop: true}, func(r event.Record) error {
		if d, ok := stream.ParseDeadLetter(r); ok {
			letters = append(letters, d)
		}
		return nil
	})
	slices.SortStableFunc(letters, func(a, b stream.DeadLetter) int { return a.FirstFailed.Compare(b.FirstFailed) })
	return letters, err
}

func (c *cli) deadLetter(ctx context.Context, group, offset string) (stream.DeadLetter, error) {
	at, err := strconv.ParseInt(offset, 10, 64)
	if err != nil {
		return stream.DeadLetter{}, usagef("offset %q is not a number", offset)
	}
	letters, err := c.deadLetters(ctx, []string{group})
	if err != nil {
		return stream.DeadLetter{}, err
	}
	for _, d := range letters {
		if d.Position.Offset == at {
			return d, nil
		}
	}
	return stream.DeadLetter{}, fmt.Errorf("group %s has no dead letter at offset %d: see `ragline dlq list %s`", group, at, group)
}

func (c *cli) printDeadLetters(letters []stream.DeadLetter) error {
	rows := make([]letterRow, len(letters))
	table := make([][]string, len(letters))
	for i, d := range letters {
		r := row(d)
		rows[i] = r
		table[i] = []string{r.Group, strconv.FormatInt(r.Offset, 10), r.Reason, r.From, strconv.Itoa(r.Attempts), since(r.Failed) + " ago", r.Message}
	}
	if c.json {
		return c.out.JSON(rows)
	}
	if len(letters) == 0 {
		c.out.Linef("no dead letters")
		return nil
	}
	c.out.Table([]string{"group", "offset", "reason", "from", "tries", "when", "message"}, table)
	return nil
}

func (c *cli) showDeadLetter(d stream.DeadLetter) error {
	r, o := row(d), d.Original()
	r.Key, r.Value = string(o.Key), string(o.Value)
	for _, h := range o.Headers {
		r.Headers = append(r.Headers, h.Key+": "+string(h.Value))
	}
	if c.json {
		return c.out.JSON(r)
	}
	c.out.Linef("%s %s at %s after %d tries", c.out.Bad(r.Reason), term.Cut(r.Message, 500), r.From, r.Attempts)
	c.out.Linef("key: %s", term.Cut(r.Key, 200))
	for _, h := range r.Headers {
		c.out.Linef("%s", c.out.Dim(term.Cut(h, 200)))
	}
	if d.OmittedBytes > 0 {
		c.out.Linef("(left out as too large: %d bytes, still at %s)", d.OmittedBytes, r.From)
	}
	c.out.Linef("%s", term.Clean(fmt.Sprintf("%.4000s", r.Value)))
	return nil
}

func redriveCommand(c *cli) *cobra.Command {
	var dryRun, all bool
	cmd := &cobra.Command{
		Use:   "redrive GROUP [OFFSET]",
		Short: "Publish dead letters to their topic again, as they were",
		Long: `Publish dead letters to their topic again, as they were. Do so once the reason is mended.
The dead letter stays where it is, so that the log says what happened. Every group that reads the topic gets
the record again; those that had handled it recognise its id.`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && !all {
				return usagef("name an offset, or say --all")
			}
			letters, err := c.deadLetters(cmd.Context(), args[:1])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				d, err := c.deadLetter(cmd.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				letters = []stream.DeadLetter{d}
			}
			return c.redrive(cmd.Context(), letters, dryRun)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "redrive every dead letter of the group")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be published, and do nothing")
	return cmd
}

func (c *cli) redrive(ctx context.Context, letters []stream.DeadLetter, dryRun bool) error {
	pub, err := c.publisher(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	done := 0
	for _, d := range letters {
		if d.OmittedBytes > 0 {
			c.err.Linef("left out: %s/%d is not whole (%d bytes were too many)", d.Position.Topic, d.Position.Offset, d.OmittedBytes)
			continue
		}
		if !dryRun {
			if _, err := pub.PublishRecords(ctx, d.Original()); err != nil {
				return fmt.Errorf("redriving %s/%d after %d records: %w", d.Position.Topic, d.Position.Offset, done, err)
			}
		}
		done++
	}
	verb := "published"
	if dryRun {
		verb = "would publish"
	}
	c.out.Linef("%s %d of %d", verb, done, len(letters))
	if done == 0 && len(letters) > 0 {
		return errSaid
	}
	return nil
}
