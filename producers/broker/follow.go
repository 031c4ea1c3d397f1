package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
)

// From says where Follow starts.
type From int

// Places to start.
const (
	FromStart From = iota
	FromEnd
)

// FollowConfig says what Follow reads.
type FollowConfig struct {
	// Topics must exist.
	Topics []string
	// From applies to partitions without an entry in Offsets. Defaults to FromStart.
	From From
	// Offsets are first offsets for some partitions, by topic.
	Offsets map[string]map[int32]int64
	// Stop ends Follow with nil once everything that was in the topics at its start has been handed over.
	Stop bool
	// CaughtUp, if set, is called once, from Follow's goroutine, when everything that was in the topics at
	// its start has been handed over; with FromEnd that is as soon as the positions are known.
	CaughtUp func()
}

// Follow reads topics without a consumer group and hands every record to fn, in order for each partition, from
// one goroutine. It returns fn's first error, or nil when ctx ends. A broker that is away, at the start or later, is
// waited for.
func (b *Broker) Follow(ctx context.Context, cfg FollowConfig, fn func(event.Record) error) error {
	cl, err := b.Client(
		kgo.FetchMaxWait(followMaxWait),
		// The end of a topic may be a transaction's marker: without it there is no seeing that it was reached.
		kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer cl.Close()
	pending, err := b.locate(ctx, cl, cfg)
	if err != nil {
		return ignoreCanceled(ctx, err)
	}
	f := follower{cfg: cfg, fn: fn, pending: pending}
	return f.run(ctx, cl, followQuiet)
}

// locate is followPositions that waits for a Kafka that is away.
func (b *Broker) locate(ctx context.Context, cl *kgo.Client, cfg FollowConfig) (map[partition]distance, error) {
	wait := Backoff()
	for {
		if err := b.Wait(ctx); err != nil {
			return nil, err
		}
		pending, err := followPositions(ctx, cl, cfg)
		if err == nil || !kerrRetriable(err) {
			return pending, err
		}
		if err := Pause(ctx, wait.NextBackOff()); err != nil {
			return nil, err
		}
	}
}

// run polls until ctx ends, fn fails, or there is no more to do.
func (f *follower) run(ctx context.Context, cl *kgo.Client, quiet time.Duration) error {
	for !f.caughtUp() {
		fetches := f.poll(ctx, cl, quiet)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how a caller stops following
		}
		if err := fatal(fetches); err != nil {
			return fmt.Errorf("following %v: %w", f.cfg.Topics, err)
		}
		if err := f.take(fetches); err != nil {
			return err
		}
	}
	return nil
}

// poll returns the next records. When none has come for as long as quiet, the leaders are asked whether there are any.
func (f *follower) poll(ctx context.Context, cl *kgo.Client, quiet time.Duration) kgo.Fetches {
	if len(f.pending) == 0 {
		return cl.PollFetches(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	fetches := cl.PollFetches(bounded)
	if fetches.NumRecords() == 0 && bounded.Err() != nil {
		f.dropExhausted(ctx, cl, quiet)
	}
	return fetches
}

// dropExhausted no longer waits for partitions whose last records before the end were compacted away.
func (f *follower) dropExhausted(ctx context.Context, cl *kgo.Client, limit time.Duration) {
	for p, at := range f.pending {
		asking, cancel := context.WithTimeout(ctx, limit)
		none, err := exhausted(asking, cl, p, at.next, at.end)
		cancel()
		if err == nil && none {
			delete(f.pending, p)
		}
	}
}

// partition of a topic.
type partition struct {
	topic  string
	number int32
}

// distance is what is left to read: from next to end, the end that was seen at the start.
type distance struct{ next, end int64 }

// follower hands records over and knows which partitions have not reached their end yet.
type follower struct {
	cfg     FollowConfig
	fn      func(event.Record) error
	pending map[partition]distance
	told    bool
}

func (f *follower) take(fetches kgo.Fetches) error {
	for iter := fetches.RecordIter(); !iter.Done(); {
		r := iter.Next()
		if !r.Attrs.IsControl() {
			if err := f.fn(FromRecord(r)); err != nil {
				return err
			}
		}
		f.moved(partition{r.Topic, r.Partition}, r.Offset+1)
	}
	return nil
}

func (f *follower) moved(p partition, next int64) {
	at, ok := f.pending[p]
	switch {
	case !ok:
	case next >= at.end:
		delete(f.pending, p)
	default:
		f.pending[p] = distance{next, at.end}
	}
}

// caughtUp tells the caller once, and reports whether Follow should end.
func (f *follower) caughtUp() bool {
	if len(f.pending) > 0 {
		return false
	}
	if !f.told && f.cfg.CaughtUp != nil {
		f.cfg.CaughtUp()
	}
	f.told = true
	return f.cfg.Stop
}

// followPositions assigns the partitions and returns those that hold records to read before Follow has caught up.
func followPositions(ctx context.Context, cl *kgo.Client, cfg FollowConfig) (map[partition]distance, error) {
	extents, err := ranges(ctx, cl, cfg.Topics...)
	if err != nil {
		return nil, err
	}
	pending := map[partition]distance{}
	assign := map[string]map[int32]kgo.Offset{}
	for _, name := range cfg.Topics {
		if len(extents[name]) == 0 {
			return nil, fmt.Errorf("following %s: the topic does not exist", name)
		}
		assign[name] = map[int32]kgo.Offset{}
		for number, extent := range extents[name] {
			at := extent.Start
			if cfg.From == FromEnd {
				at = extent.End
			}
			if o, ok := cfg.Offsets[name][number]; ok {
				at = max(o, extent.Start)
			}
			assign[name][number] = kgo.NewOffset().At(at)
			if at < extent.End {
				pending[partition{name, number}] = distance{at, extent.End}
			}
		}
	}
	cl.AddConsumePartitions(assign)
	return pending, nil
}

// fatal returns the error that polling again cannot heal. The client retries the others itself.
func fatal(fetches kgo.Fetches) error {
	if fetches.IsClientClosed() {
		return kgo.ErrClientClosed
	}
	var err error
	fetches.EachError(func(_ string, _ int32, e error) {
		var lost *kgo.ErrDataLoss
		if !errors.As(e, &lost) && !errors.Is(e, context.Canceled) && !errors.Is(e, context.DeadlineExceeded) && !kerrRetriable(e) {
			err = e
		}
	})
	return err
}

func ignoreCanceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is how a caller stops following
	}
	return err
}
