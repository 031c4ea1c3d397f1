package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func topicsCommand(c *cli) *cobra.Command {
	cmd := group("topics", "List topics, follow one, show lag")
	cmd.AddCommand(
		jsonFlag(c, &cobra.Command{
			Use: "list", Short: "List every topic with its records, dead letters included", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error { return c.listTopics(cmd.Context()) }),
		}),
		tailCommand(c),
		&cobra.Command{
			Use: "create", Short: "Create the topics that are missing, with the catalogue's partitions and retention", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
				b, err := c.broker(cmd.Context())
				if err != nil {
					return err
				}
				if err := b.EnsureTopics(cmd.Context(), topic.All()...); err != nil {
					return err
				}
				c.out.Linef("every topic exists")
				return nil
			}),
		},
		jsonFlag(c, &cobra.Command{
			Use: "lag", Short: "Show how far each consumer group is behind", Args: args(cobra.NoArgs),
			RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error { return c.lag(cmd.Context()) }),
		}),
	)
	return cmd
}

// topicRow is one line of `topics list`.
type topicRow struct {
	Topic      string   `json:"topic"`
	Partitions int      `json:"partitions"`
	Records    int64    `json:"records"`
	Retention  string   `json:"retention"`
	Key        string   `json:"key"`
	Writers    []string `json:"writers"`
	Readers    []string `json:"readers"`
	Doc        string   `json:"doc"`
}

func (c *cli) listTopics(ctx context.Context) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	names, err := allTopics(ctx, b)
	if err != nil {
		return err
	}
	extents, err := b.Ranges(ctx, names...)
	if err != nil {
		return err
	}
	rows := make([]topicRow, 0, len(names))
	for _, name := range names {
		t, _ := topic.Get(name)
		row := topicRow{Topic: name, Retention: retention(t), Key: t.Key, Writers: t.Writers, Readers: t.Readers, Doc: t.Doc}
		for _, r := range extents[name] {
			row.Partitions++
			row.Records += r.End - r.Start
		}
		rows = append(rows, row)
	}
	if c.json {
		return c.out.JSON(rows)
	}
	table := make([][]string, len(rows))
	for i, r := range rows {
		records := strconv.FormatInt(r.Records, 10)
		if r.Partitions == 0 {
			records = "missing"
		}
		table[i] = []string{r.Topic, records, strconv.Itoa(r.Partitions), r.Retention, r.Key, strings.Join(r.Writers, ", "), strings.Join(r.Readers, ", ")}
	}
	c.out.Table([]string{"topic", "records", "partitions", "kept", "key", "written by", "read by"}, table)
	return nil
}

// allTopics returns the catalogue's names and the dead-letter topics that exist.
func allTopics(ctx context.Context, b *broker.Broker) ([]string, error) {
	var names []string
	for _, t := range topic.All() {
		names = append(names, t.Name)
	}
	dead, err := b.DeadLetterTopics(ctx)
	return append(names, dead...), err
}

func retention(t topic.Topic) string {
	switch {
	case t.Compacted:
		return "last of each key"
	case t.Retention == 0:
		return "for ever"
	default:
		return t.Retention.String()
	}
}

func tailCommand(c *cli) *cobra.Command {
	var fromStart, once bool
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Print events as they arrive, one line each (JSON lines with --json)",
		Args:  args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			name, err := resolveTopic(args[0])
			if err != nil {
				return err
			}
			from := broker.FromEnd
			if fromStart || once {
				from = broker.FromStart
			}
			return b.Follow(cmd.Context(), broker.FollowConfig{Topics: []string{name}, From: from, Stop: once}, c.printRecord)
		}),
	}
	cmd.Flags().BoolVar(&fromStart, "from-start", false, "begin with the oldest record")
	cmd.Flags().BoolVar(&once, "once", false, "print what is there and stop")
	return jsonFlag(c, cmd)
}

// resolveTopic accepts names with and without the prefix.
func resolveTopic(name string) (string, error) {
	for _, candidate := range []string{name, topic.Prefix + name} {
		if _, ok := topic.Get(candidate); ok {
			return candidate, nil
		}
	}
	var names []string
	for _, t := range topic.All() {
		names = append(names, strings.TrimPrefix(t.Name, topic.Prefix))
	}
	return "", usagef("topic %q is not in the catalogue; known are %s, and dlq.GROUP", name, strings.Join(names, ", "))
}

func (c *cli) printRecord(r event.Record) error {
	e, err := topic.Decode(r)
	body := "(removed)"
	switch {
	case err != nil:
		body = fmt.Sprintf("%s  %q", err, r.Value)
	case e.Data != nil:
		text, err := protojson.Marshal(e.Data)
		if err != nil {
			return fmt.Errorf("printing %s: %w", e.ID, err)
		}
		body = string(text)
	}
	if c.json {
		return printJSONLine(c, e, body, err)
	}
	c.out.Linef("%s %s %s", c.out.Dim(fmt.Sprintf("%d/%d", r.Partition, r.Offset)), c.out.Bold(e.Type), term.Cut(body, 400))
	return nil
}

func (c *cli) lag(ctx context.Context) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	lags, err := b.Lag(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(lags, func(x, y broker.GroupLag) int {
		return strings.Compare(x.Group+x.Topic, y.Group+y.Topic)
	})
	if c.json {
		return c.out.JSON(lags)
	}
	table := make([][]string, len(lags))
	for i, l := range lags {
		table[i] = []string{l.Group, l.Topic, strconv.FormatInt(l.Lag, 10), strconv.Itoa(l.Members)}
	}
	c.out.Table([]string{"group", "topic", "behind", "members"}, table)
	return nil
}

// since renders an age for people.
func since(t time.Time) string { return time.Since(t).Round(time.Second).String() }
