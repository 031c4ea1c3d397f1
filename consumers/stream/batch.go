package stream

import (
	"context"

	"github.com/ragline/ragline/schemas/event"
)

// BatchHandler handles the records of one consumer group in batches, one task for each partition.
//
// Before HandleBatch runs, the range of the batch is announced in the metadata of an offset commit. After a crash
// the same range is handed over again with Replayed set, so a handler whose effect is keyed by the range
// (a deduplication token) is exactly-once. An error is retried for ever, with back-off of 5 s at most, while the
// partition is paused; there is no skipping. Records are raw: what cannot be decoded is the handler's to store or to report.
type BatchHandler interface {
	// Name is the consumer group.
	Name() string
	// HandleBatch is called from one goroutine for each partition. It must not keep Records or their Headers once
	// it has returned nil: the next batch is handed over in the same slices. Keys and values it may keep.
	HandleBatch(ctx context.Context, b Batch) error
}

// Batch is a contiguous range of one partition.
type Batch struct {
	Topic     string
	Partition int32
	// From is the first offset, To the offset after the last. Offsets in between may be missing
	// (compaction, transaction markers).
	From, To int64
	Records  []event.Record
	// Replayed says that the batch was announced before and may have been handled.
	Replayed bool
}
