package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
)

// ErrActive says that the group has members, so that its offsets cannot be deleted.
var ErrActive = errors.New("another sink is active")

const rewindRemedy = "stop every sink, delete the consumer group " + group + ", and start again"

// Prepare waits for ClickHouse and migrates it, and waits for Kafka and rewinds the group where ClickHouse has not one
// record: its data was deleted, or another ClickHouse was set. It is for the time before the consumer runs.
//
// It asks whether there are records, not whether a migration was just applied: so a crash anywhere in between, or
// `ragline migrate` by hand, changes nothing. patience is how long members of the group may take to go, at least the
// session timeout: those of a process that was killed are counted for that long.
func Prepare(ctx context.Context, w *warehouse.Warehouse, b *broker.Broker, patience time.Duration, logger *slog.Logger) error {
	var empty bool
	err := w.Persist(ctx, func(ctx context.Context) (err error) {
		if _, err = w.Migrate(ctx); err == nil {
			empty, err = w.Empty(ctx)
		}
		return err
	})
	if err != nil || !empty {
		return err
	}
	if err := b.Wait(ctx); err != nil {
		return err
	}
	rewound, err := rewindPatiently(ctx, b, patience, logger)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		logger.Warn("ClickHouse is empty, but the log cannot be read again: only what follows is stored", "error", err, "remedy", rewindRemedy)
	case rewound:
		logger.Warn("ClickHouse is empty: reading the whole log again")
	}
	return nil
}

// rewindPatiently gives up only on members that stay, and where the group may not be deleted.
func rewindPatiently(ctx context.Context, b *broker.Broker, patience time.Duration, logger *slog.Logger) (bool, error) {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	warned := false
	warnOnce := func(err error, _ time.Duration) {
		if !warned {
			logger.Warn("ClickHouse is empty, but the log cannot be read again yet, waiting", "error", err)
		}
		warned = true
	}
	return backoff.Retry(ctx, func() (bool, error) {
		rewound, err := Rewind(ctx, b)
		stays := errors.Is(err, ErrActive) && patient.Err() != nil
		if stays || errors.Is(err, kerr.GroupAuthorizationFailed) {
			err = backoff.Permanent(err)
		}
		return rewound, err
	}, backoff.WithBackOff(broker.Backoff()), backoff.WithMaxElapsedTime(0), backoff.WithNotify(warnOnce))
}

// Rewind deletes the offsets of the group, so that it reads the log from the start. It reports false where the group
// has read nothing, and ErrActive where a member is left.
func Rewind(ctx context.Context, b *broker.Broker) (bool, error) {
	client, err := b.Client()
	if err != nil {
		return false, err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	offsets, err := fetchOffsets(ctx, adm)
	if err != nil {
		return false, err
	}
	if !advanced(offsets) {
		return false, nil
	}
	_, err = adm.DeleteGroup(ctx, group)
	switch {
	case errors.Is(err, kerr.NonEmptyGroup):
		return false, fmt.Errorf("deleting the offsets of group %s: %w", group, ErrActive)
	case err != nil && !errors.Is(err, kerr.GroupIDNotFound):
		return false, fmt.Errorf("deleting the offsets of group %s: %w", group, err)
	}
	return true, nil
}

// advanced says whether anything was read. A sink that has just started announces offset 0.
func advanced(offsets kadm.OffsetResponses) bool {
	read := false
	offsets.Each(func(o kadm.OffsetResponse) { read = read || o.At > 0 })
	return read
}
