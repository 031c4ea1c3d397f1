package sink

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// ErrOtherLog says that ClickHouse holds another record at a position of the log.
var ErrOtherLog = errors.New("ClickHouse holds another event at this position: the topic was deleted and created again, " +
	"so it needs an empty database")

const (
	otherLogEvery  = time.Minute
	otherLogRemedy = "stop ragline, name another database in CLICKHOUSE_URL or drop this one " +
		"(of the embedded engine: delete the directory clickhouse in RAGLINE_DATA_DIR), and start again"
)

// alarm reports ErrOtherLog for as long as it lasts. The runtime reports the first failure of a partition only, and
// as one that may pass; this one waits for a person. The zero value with a clock is ready.
type alarm struct {
	now  func() time.Time
	mu   sync.Mutex
	last time.Time
}

func (a *alarm) raise(logger *slog.Logger, err error) {
	if !errors.Is(err, ErrOtherLog) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if !a.last.IsZero() && now.Sub(a.last) < otherLogEvery {
		return
	}
	a.last = now
	logger.Error("nothing is stored of a partition", "error", err, "remedy", otherLogRemedy)
}
