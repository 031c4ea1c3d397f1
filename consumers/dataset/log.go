package dataset

import (
	"context"
	"fmt"
	"sort"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// history is what a dataset is made of: the events of three topics, and the offsets that they cover.
type history struct {
	events []event.Event
	ranges map[string]map[int32]broker.Range
	// unread counts records that are no event this version understands.
	unread int
}

func newHistory(ranges map[string]map[int32]broker.Range) *history {
	return &history{ranges: ranges}
}

func inputs() []string { return []string{topic.Interactions, topic.Scores, topic.Feedback} }

// readHistory reads the inputs from their starts to the ends of now.
func readHistory(ctx context.Context, b *broker.Broker) (*history, error) {
	ranges, err := b.Ranges(ctx, inputs()...)
	if err != nil {
		return nil, fmt.Errorf("reading offsets: %w", err)
	}
	h := newHistory(ranges)
	err = b.Follow(ctx, broker.FollowConfig{Topics: inputs(), Stop: true}, func(r event.Record) error {
		// Follow may run past the ends that were read above; those records belong to the next dataset.
		if r.Offset < ranges[r.Topic][r.Partition].End {
			h.add(r)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading history: %w", err)
	}
	return h, ctx.Err()
}

// add takes a record that is an event.
func (h *history) add(r event.Record) {
	e, err := topic.Decode(r)
	if err != nil || e.Data == nil {
		h.unread++
		return
	}
	h.events = append(h.events, e)
}

// extend takes a record that came after the ranges were read.
func (h *history) extend(r event.Record) {
	h.add(r)
	extent := h.ranges[r.Topic][r.Partition]
	extent.End = max(extent.End, r.Offset+1)
	if h.ranges[r.Topic] == nil {
		h.ranges[r.Topic] = map[int32]broker.Range{}
	}
	h.ranges[r.Topic][r.Partition] = extent
}

// upTo is the history as it was when the ranges of an earlier dataset ended.
func (h *history) upTo(offsets []*event.OffsetRange) *history {
	end := map[event.Position]int64{}
	past := newHistory(map[string]map[int32]broker.Range{})
	for _, o := range offsets {
		end[event.Position{Topic: o.GetTopic(), Partition: o.GetPartition()}] = o.GetTo()
		if past.ranges[o.GetTopic()] == nil {
			past.ranges[o.GetTopic()] = map[int32]broker.Range{}
		}
		past.ranges[o.GetTopic()][o.GetPartition()] = broker.Range{Start: o.GetFrom(), End: o.GetTo()}
	}
	for _, e := range h.events {
		if e.Position.Offset < end[event.Position{Topic: e.Position.Topic, Partition: e.Position.Partition}] {
			past.events = append(past.events, e)
		}
	}
	return past
}

// offsets lists the ranges by topic and partition.
func (h *history) offsets() []*event.OffsetRange {
	var list []*event.OffsetRange
	for name, partitions := range h.ranges {
		for partition, r := range partitions {
			list = append(list, &event.OffsetRange{Topic: name, Partition: partition, From: r.Start, To: r.End})
		}
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Topic != list[j].Topic {
			return list[i].Topic < list[j].Topic
		}
		return list[i].Partition < list[j].Partition
	})
	return list
}

// before is the order of the log that does not depend on how partitions were read: time, then place.
func before(a, b event.Event) bool {
	if !a.Time.Equal(b.Time) {
		return a.Time.Before(b.Time)
	}
	if a.Position.Partition != b.Position.Partition {
		return a.Position.Partition < b.Position.Partition
	}
	return a.Position.Offset < b.Position.Offset
}
