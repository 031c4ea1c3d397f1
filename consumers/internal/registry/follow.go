package registry

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Read returns what the models topic says now.
func Read(ctx context.Context, b *broker.Broker) (*Registry, error) {
	r := New()
	if err := follow(ctx, b, broker.FollowConfig{Stop: true}, r.Take); err != nil {
		return nil, err
	}
	return r, ctx.Err()
}

// Follow hands the events of the models topic to fn, from the start on, until ctx ends. caughtUp is called once.
func Follow(ctx context.Context, b *broker.Broker, caughtUp func(), fn func(event.Event)) error {
	return follow(ctx, b, broker.FollowConfig{CaughtUp: caughtUp}, fn)
}

func follow(ctx context.Context, b *broker.Broker, cfg broker.FollowConfig, fn func(event.Event)) error {
	cfg.Topics = []string{topic.Models}
	err := b.Follow(ctx, cfg, func(r event.Record) error {
		// What is no event of this version is left to the sink, which keeps it.
		if e, err := topic.Decode(r); err == nil && e.Data != nil {
			fn(e)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading models: %w", err)
	}
	return nil
}
