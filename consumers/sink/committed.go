package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ragline/ragline/producers/broker"
)

// extent is what the sink has committed of a partition, and where the log ends.
type extent struct{ from, to, end int64 }

// committedExtents returns the extent of every partition that the sink reads.
func committedExtents(ctx context.Context, b *broker.Broker) (map[partition]extent, error) {
	client, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	offsets, err := fetchOffsets(ctx, kadm.NewClient(client))
	if err != nil {
		return nil, err
	}
	dead, err := b.DeadLetterTopics(ctx)
	if err != nil {
		return nil, err
	}
	ranges, err := b.Ranges(ctx, append(Topics(), dead...)...)
	if err != nil {
		return nil, err
	}
	extents := map[partition]extent{}
	for name, numbers := range ranges {
		for number, r := range numbers {
			e := extent{r.Start, r.Start, r.End}
			if at, ok := offsets.Lookup(name, number); ok && at.At > e.from {
				e.to = min(at.At, r.End)
			}
			extents[partition{name, number}] = e
		}
	}
	return extents, nil
}

// fetchOffsets treats a group that is not there as one that has read nothing: kfake tells the two apart, Kafka does not.
func fetchOffsets(ctx context.Context, adm *kadm.Client) (kadm.OffsetResponses, error) {
	offsets, err := adm.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("reading the offsets of group %s: %w", group, err)
	}
	return offsets, nil
}

// plan is a batch that is announced from an offset, as the runtime writes it.
type plan struct {
	at       int64
	metadata string
}

// inHand returns the batches that members of the group are storing.
func inHand(ctx context.Context, b *broker.Broker) (map[partition]plan, error) {
	client, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	described, err := adm.DescribeGroups(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("describing group %s: %w", group, err)
	}
	if len(described[group].Members) == 0 {
		return nil, nil // whoever comes next reads it again
	}
	offsets, err := fetchOffsets(ctx, adm)
	if err != nil {
		return nil, err
	}
	plans := map[partition]plan{}
	offsets.Each(func(o kadm.OffsetResponse) {
		if strings.Contains(o.Metadata, ";to=") {
			plans[partition{o.Topic, o.Partition}] = plan{o.At, o.Metadata}
		}
	})
	return plans, nil
}
