package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/topic"
)

// EnsureTopics creates the topics that are missing. Those that exist stay as they are: an operator may
// have given them more partitions or another retention, and may not allow this client to create any. A cluster that is
// still on its way up is waited for until ctx ends.
func (b *Broker) EnsureTopics(ctx context.Context, topics ...topic.Topic) error {
	cl, err := b.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	wait := Backoff()
	for {
		err := b.createMissing(ctx, kadm.NewClient(cl), topics)
		if err == nil || !kerrRetriable(err) {
			return err
		}
		b.logger.Warn("creating topics is not possible yet, trying again", "error", err)
		if Pause(ctx, wait.NextBackOff()) != nil {
			return err
		}
	}
}

func (b *Broker) createMissing(ctx context.Context, adm *kadm.Client, topics []topic.Topic) error {
	have, err := adm.ListTopics(ctx, names(topics)...)
	if err != nil {
		return fmt.Errorf("listing topics: %w", err)
	}
	for _, t := range topics {
		if have.Has(t.Name) {
			continue
		}
		_, err := adm.CreateTopic(ctx, t.Partitions, b.cfg.ReplicationFactor, topicConfig(t), t.Name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("creating topic %s: %w", t.Name, err)
		}
	}
	return nil
}

func names(topics []topic.Topic) []string {
	out := make([]string, len(topics))
	for i, t := range topics {
		out[i] = t.Name
	}
	return out
}

// topicConfig is written out in full, so that a broker's defaults cannot delete the log.
func topicConfig(t topic.Topic) map[string]*string {
	retention := int64(-1)
	if t.Retention > 0 {
		retention = t.Retention.Milliseconds()
	}
	policy := "delete"
	if t.Compacted {
		policy = "compact"
	}
	return map[string]*string{
		"cleanup.policy":    kadm.StringPtr(policy),
		"retention.ms":      kadm.StringPtr(strconv.FormatInt(retention, 10)),
		"retention.bytes":   kadm.StringPtr("-1"),
		"max.message.bytes": kadm.StringPtr(strconv.Itoa(1<<20 + 1<<17)),
	}
}

// Range is the extent of a partition: the first offset that is kept and the offset after the last.
type Range struct{ Start, End int64 }

// Ranges returns the extent of every partition of the topics. Topics that do not exist are left out.
func (b *Broker) Ranges(ctx context.Context, topics ...string) (map[string]map[int32]Range, error) {
	cl, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	return ranges(ctx, cl, topics...)
}

func ranges(ctx context.Context, cl *kgo.Client, topics ...string) (map[string]map[int32]Range, error) {
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("listing start offsets: %w", err)
	}
	ends, err := adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("listing end offsets: %w", err)
	}
	out := map[string]map[int32]Range{}
	var failed error
	ends.Each(func(end kadm.ListedOffset) {
		if errors.Is(end.Err, kerr.UnknownTopicOrPartition) {
			return
		}
		start, ok := starts.Lookup(end.Topic, end.Partition)
		if end.Err != nil || !ok || start.Err != nil {
			failed = errors.Join(failed, fmt.Errorf("listing offsets of %s/%d: %w", end.Topic, end.Partition, errors.Join(end.Err, start.Err)))
			return
		}
		if out[end.Topic] == nil {
			out[end.Topic] = map[int32]Range{}
		}
		out[end.Topic][end.Partition] = Range{start.Offset, end.Offset}
	})
	return out, failed
}

// DeadLetterTopics returns the names of the dead-letter topics that exist.
func (b *Broker) DeadLetterTopics(ctx context.Context) ([]string, error) {
	cl, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	all, err := kadm.NewClient(cl).ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing topics: %w", err)
	}
	var names []string
	for _, name := range all.Names() {
		if topic.IsDeadLetters(name) {
			names = append(names, name)
		}
	}
	return names, nil
}
