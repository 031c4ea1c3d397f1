package exporter

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// maxMessage bounds x-error-msg, as in stream.
const maxMessage = 500

// deadLetters publishes to the group's dead-letter topic. It connects when the first one comes.
type deadLetters struct {
	broker         *broker.Broker
	group, version string

	mu        sync.Mutex
	publisher *broker.Publisher
}

// record is the original, byte for byte, with the reason in headers after its own. stream.ParseDeadLetter reads it.
func (d *deadLetters) record(original event.Record, b burial, now time.Time) event.Record {
	headers := append([]event.Header(nil), original.Headers...)
	for _, h := range [][2]string{
		{stream.HeaderOrigTopic, original.Topic}, // first: everything before it is the original's
		{stream.HeaderOrigPartition, strconv.Itoa(int(original.Partition))},
		{stream.HeaderOrigOffset, strconv.FormatInt(original.Offset, 10)},
		{stream.HeaderOrigTimestamp, original.Timestamp.UTC().Format(time.RFC3339Nano)},
		{stream.HeaderAttempt, "1"},
		{stream.HeaderFirstFailedAt, now.UTC().Format(time.RFC3339Nano)},
		{stream.HeaderErrorClass, string(b.class)},
		{stream.HeaderErrorMsg, shorten(b.reason)},
		{stream.HeaderCodeVersion, d.version},
		{stream.HeaderConsumer, d.group},
	} {
		headers = append(headers, event.Header{Key: h[0], Value: []byte(h[1])})
	}
	return event.Record{Topic: topic.DeadLetters(d.group), Key: original.Key, Value: original.Value, Headers: headers}
}

func shorten(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return strings.ToValidUTF8(s, "")
}

// publish returns after the acks.
func (d *deadLetters) publish(ctx context.Context, records []event.Record) error {
	p, err := d.open(ctx)
	if err != nil {
		return err
	}
	if _, err := p.PublishRecords(ctx, records...); err != nil {
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
