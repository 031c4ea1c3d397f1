package stream

import (
	"fmt"
	"time"
)

// Config bounds what the runtime holds, how often it tries and how long it waits. The zero value is not valid:
// the defaults are in the tags.
type Config struct {
	// Slots is how many events of one consumer are handled at the same time.
	Slots int `env:"RAGLINE_STREAM_SLOTS" envDefault:"16" doc:"Events that one consumer handles at the same time. Allowed: 1 to 10000."`
	// MaxAttempts is how often a record is tried before it becomes a dead letter.
	MaxAttempts int `env:"RAGLINE_STREAM_MAX_ATTEMPTS" envDefault:"5" doc:"Tries of a record before it becomes a dead letter. Allowed: 1 to 1000."`
	// RetryMin and RetryMax bound the wait between tries. It doubles with every try and is jittered.
	RetryMin time.Duration `env:"RAGLINE_STREAM_RETRY_MIN" envDefault:"100ms" doc:"Wait before the second try of a record; it doubles with every further try. Allowed: 1ms to 1h."`
	RetryMax time.Duration `env:"RAGLINE_STREAM_RETRY_MAX" envDefault:"30s" doc:"Longest wait between two tries of a record; a batch waits 5s at most. Allowed: RAGLINE_STREAM_RETRY_MIN to 1h."`
	// BudgetBytes is how many bytes of records the consumers of a process hold before they stop fetching; see Budget.
	BudgetBytes int64 `env:"RAGLINE_STREAM_BUDGET_BYTES" envDefault:"67108864" doc:"Bytes of records that the consumers of a process together hold in memory before they stop fetching; a quarter is reserved for them in equal parts. Allowed: 1048576 to 17179869184."`
	// MaxGap is how many records of one partition may be under way before it is paused.
	MaxGap int `env:"RAGLINE_STREAM_MAX_GAP" envDefault:"1000" doc:"Records of one partition that may be fetched but uncommitted before the partition is paused. Allowed: 1 to 1000000."`
	// CommitInterval is how often finished records are committed.
	CommitInterval time.Duration `env:"RAGLINE_STREAM_COMMIT_INTERVAL" envDefault:"200ms" doc:"Time between two offset commits. Allowed: 1ms to 1m."`
	// SessionTimeout is how long the group waits for a sign of life before it gives the partitions to others.
	SessionTimeout time.Duration `env:"RAGLINE_STREAM_SESSION_TIMEOUT" envDefault:"10s" doc:"Time without a heartbeat after which the group takes a consumer for dead; Kafka allows 6s to 30m by default. Allowed: 100ms to 30m."`
	// ShutdownTimeout bounds what follows when the end is asked for or a partition is taken away. Handlers may go on for
	// 60 % of it. The default leaves the servers of `ragline up`, which end after the consumers, 10 s of the 25 s in all.
	ShutdownTimeout time.Duration `env:"RAGLINE_STREAM_SHUTDOWN_TIMEOUT" envDefault:"12s" doc:"Time to finish running handlers and to commit at shutdown and at a rebalance. Allowed: 100ms to 50s."`

	// TraceSample is the share of handled events that get a span. What a BatchConsumer handles gets none: spans about
	// spans would never end.
	TraceSample float64 `env:"RAGLINE_STREAM_TRACE_SAMPLE" envDefault:"0.01" doc:"Share of handled events whose processing is published as a span, chosen by hash of the event id. Allowed: 0 to 1."`

	// BatchMaxRecords and BatchMaxBytes close a batch.
	BatchMaxRecords int   `env:"RAGLINE_BATCH_MAX_RECORDS" envDefault:"10000" doc:"Records in a batch of one partition. Allowed: 1 to 1000000."`
	BatchMaxBytes   int64 `env:"RAGLINE_BATCH_MAX_BYTES" envDefault:"16777216" doc:"Bytes in a batch of one partition; a single larger record is a batch of its own. Allowed: 1 to 1073741824."`
	// BatchLinger closes a batch that does not fill up.
	BatchLinger time.Duration `env:"RAGLINE_BATCH_LINGER" envDefault:"500ms" doc:"Time that the first record of a batch waits for more. Allowed: 1ms to 1m."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, v := range []struct {
		name            string
		value, from, to int64
	}{
		{"RAGLINE_STREAM_SLOTS", int64(c.Slots), 1, 10_000},
		{"RAGLINE_STREAM_MAX_ATTEMPTS", int64(c.MaxAttempts), 1, 1000},
		{"RAGLINE_STREAM_BUDGET_BYTES", c.BudgetBytes, 1 << 20, 16 << 30},
		{"RAGLINE_STREAM_MAX_GAP", int64(c.MaxGap), 1, 1_000_000},
		{"RAGLINE_BATCH_MAX_RECORDS", int64(c.BatchMaxRecords), 1, 1_000_000},
		{"RAGLINE_BATCH_MAX_BYTES", c.BatchMaxBytes, 1, 1 << 30},
	} {
		if v.value < v.from || v.value > v.to {
			return fmt.Errorf("%s=%d: allowed are %d to %d", v.name, v.value, v.from, v.to)
		}
	}
	for _, v := range []struct {
		name            string
		value, from, to time.Duration
	}{
		{"RAGLINE_STREAM_RETRY_MIN", c.RetryMin, time.Millisecond, time.Hour},
		{"RAGLINE_STREAM_RETRY_MAX", c.RetryMax, c.RetryMin, time.Hour},
		{"RAGLINE_STREAM_COMMIT_INTERVAL", c.CommitInterval, time.Millisecond, time.Minute},
		{"RAGLINE_STREAM_SESSION_TIMEOUT", c.SessionTimeout, 100 * time.Millisecond, 30 * time.Minute},
		{"RAGLINE_STREAM_SHUTDOWN_TIMEOUT", c.ShutdownTimeout, 100 * time.Millisecond, 50 * time.Second},
		{"RAGLINE_BATCH_LINGER", c.BatchLinger, time.Millisecond, time.Minute},
	} {
		if v.value < v.from || v.value > v.to {
			return fmt.Errorf("%s=%s: allowed are %s to %s", v.name, v.value, v.from, v.to)
		}
	}
	if !(c.TraceSample >= 0 && c.TraceSample <= 1) { // written so that NaN fails too
		return fmt.Errorf("RAGLINE_STREAM_TRACE_SAMPLE=%g: allowed are 0 to 1", c.TraceSample)
	}
	return nil
}
