package stream

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ragline/ragline/schemas/event"
)

// ErrDeadLetterRefused says that the broker takes a dead letter in no form.
var ErrDeadLetterRefused = errors.New("the broker refuses the dead letter in every form")

// Publish calls send with the record of the dead letter and, as long as the broker refuses what it is given, with less
// of the original: without its value, then without key and headers too, which leaves about 1 KiB. send returns after the
// ack. An error that is no refusal is returned as it is; trying again later is right. ErrDeadLetterRefused is final: the
// original is in its topic only.
func (d DeadLetter) Publish(send func(event.Record) error) error {
	err := send(d.record())
	if hopeless(err) && len(d.original.Value) > 0 {
		d = d.withoutValue()
		err = send(d.record())
	}
	if hopeless(err) && len(d.original.Key)+len(d.original.Headers) > 0 {
		err = send(d.withoutHead().record())
	}
	if hopeless(err) {
		return fmt.Errorf("%w: %w", ErrDeadLetterRefused, err)
	}
	return err
}

func (d DeadLetter) withoutValue() DeadLetter {
	d.OmittedBytes += len(d.original.Value)
	d.original.Value = nil
	return d
}

func (d DeadLetter) withoutHead() DeadLetter {
	d.OmittedKeyBytes = len(d.original.Key)
	for _, h := range d.original.Headers {
		d.OmittedHeaderBytes += len(h.Key) + len(h.Value)
	}
	d.OmittedBytes += d.OmittedKeyBytes + d.OmittedHeaderBytes
	d.original.Key, d.original.Headers = nil, nil
	return d
}

// hopeless says that the broker will never take the record as it is.
func hopeless(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord)
}
