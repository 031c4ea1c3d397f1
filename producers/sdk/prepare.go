package sdk

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// headerMasking is the CloudEvents extension that names the recognisers which looked at an event.
const headerMasking = "ce_maskversion"

// Prepared is an event that is masked, checked and encoded. Prepare makes one.
type Prepared struct {
	id     string
	record event.Record
}

// ID is the id of the event.
func (p Prepared) ID() string { return p.id }

// Prepare does all of Publish but the sending, so that a batch can be checked event by event and then be sent at once
// with PublishPrepared. Its errors are those of Publish for a message that is wrong.
func (c *Client) Prepare(m proto.Message, opts ...PublishOption) (Prepared, error) {
	if _, ok := event.LookupMessage(m); !ok {
		return Prepared{}, fmt.Errorf("publishing %T: %w", m, ErrNotAnEvent)
	}
	e := c.envelope(m)
	for _, opt := range opts {
		opt(&e)
	}
	return c.prepare(e)
}

func (c *Client) prepare(e event.Event) (Prepared, error) {
	version := ""
	if e.Data != nil {
		e.Data, version = c.masker.Event(e.Data)
		if err := event.Validate(e.Data); err != nil {
			return Prepared{}, fmt.Errorf("publishing %s: %w", e.Type, err)
		}
	}
	record, err := topic.Encode(e)
	if err != nil {
		return Prepared{}, err
	}
	if record.Topic == "" {
		return Prepared{}, fmt.Errorf("publishing %q: no topic carries this type", e.Type)
	}
	if version != "" {
		record.Headers = append(record.Headers, event.Header{Key: headerMasking, Value: []byte(version)})
	}
	return Prepared{e.ID, record}, nil
}

// PublishPrepared writes events and returns when all in-sync replicas have every one. After an error some may have
// been written: publishing the same ones again is right, since readers recognise repeated ids. While Kafka is away it
// waits until ctx ends.
func (c *Client) PublishPrepared(ctx context.Context, events ...Prepared) error {
	if c.ctx.Err() != nil {
		return ErrClosed
	}
	if len(events) == 0 {
		return nil
	}
	records := make([]event.Record, len(events))
	for i, p := range events {
		records[i] = p.record
	}
	_, err := c.publisher.PublishRecords(ctx, records...)
	if err != nil && c.ctx.Err() != nil {
		return errors.Join(ErrClosed, err)
	}
	return err
}

// MaskVersion returns the version of the recognisers that looked at a record before it was sent, or "" where none did.
func MaskVersion(r event.Record) string { return r.Header(headerMasking) }
