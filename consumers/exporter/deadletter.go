package exporter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// deadLetters publishes to the group's dead-letter topic. It connects when the first one comes.
type deadLetters struct {
	broker         *broker.Broker
	group, version string

	mu        sync.Mutex
	publisher *broker.Publisher
}

// publish returns after the ack, with an error that wraps stream.ErrDeadLetterRefused when there will never be one.
func (d *deadLetters) publish(ctx context.Context, original event.Record, b burial) error {
	p, err := d.open(ctx)
	if err != nil {
		return err
	}
	letter := stream.NewDeadLetter(original, b.class, errors.New(b.reason))
	letter.Consumer, letter.CodeVersion = d.group, d.version
	err = letter.Publish(func(r event.Record) error {
		_, err := p.PublishRecords(ctx, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("publishing dead letters: %w", err)
	}
	return nil
}

func (d *deadLetters) open(ctx context.Context) (*broker.Publisher, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.publisher != nil {
		return d.publisher, nil
	}
	t, _ := topic.Get(topic.DeadLetters(d.group))
	if err := d.broker.EnsureTopics(ctx, t); err != nil {
		return nil, err
	}
	p, err := d.broker.Publisher()
	if err != nil {
		return nil, fmt.Errorf("opening publisher of dead letters: %w", err)
	}
	d.publisher = p
	return p, nil
}

func (d *deadLetters) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.publisher != nil {
		d.publisher.Close()
		d.publisher = nil
	}
}
