package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	engine "github.com/ragline/ragline/deploy/embedded/clickhouse"
)

// Kill the engine in the middle of inserts, three times: a batch that is retried under its token is
// stored once, or, where the kill fell between the token's log entry and the part's rename, not at
// all: the engine then answers the retry with 200 and ignores it. A writer that looks after a retry
// and inserts what is missing under another token, as consumers/sink does, has each acknowledged row
// once and none twice.
func TestRetriedBatchesAreStoredOnceOverKills(t *testing.T) {
	t.Parallel()
	const writers, batchRows, kills = 3, 500, 3
	e := start(t, nil)
	a := asOwner(t, e)
	a.must("CREATE TABLE w (writer UInt8, n UInt64) ENGINE = MergeTree ORDER BY (writer, n) SETTINGS non_replicated_deduplication_window = 1000")

	var acked atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	group, groupCtx := errgroup.WithContext(t.Context())
	for writer := range writers {
		group.Go(func() error {
			for batch := 0; ctx.Err() == nil; batch++ {
				if err := sendUntilAcked(groupCtx, e, writer, batch, batchRows); err != nil {
					return err
				}
				acked.Add(batchRows)
			}
			return nil
		})
	}
	for n := range kills {
		soFar := acked.Load()
		require.Eventually(t, func() bool { return acked.Load() > soFar+5*batchRows }, 30*time.Second, time.Millisecond)
		require.NoError(t, syscall.Kill(e.PID(), syscall.SIGKILL))
		require.Eventually(t, func() bool { return e.Restarts() == n+1 }, 30*time.Second, time.Millisecond)
	}
	stop()
	require.NoError(t, group.Wait())
	want := fmt.Sprintf("%d\t%d\n", acked.Load(), acked.Load())
	require.Equal(t, want, a.must("SELECT count(), uniqExact(writer, n) FROM w"))
}

func sendUntilAcked(ctx context.Context, e *engine.Engine, writer, batch, rows int) error {
	var data strings.Builder
	for i := range rows {
		fmt.Fprintf(&data, "%d\t%d\n", writer, batch*rows+i)
	}
	count := fmt.Sprintf("SELECT count() FROM w WHERE writer = %d AND n >= %d AND n < %d", writer, batch*rows, (batch+1)*rows)
	retried, lost := false, 0
	for {
		insert := fmt.Sprintf("/?%s&insert_deduplication_token=%d-%d-%d", query("INSERT INTO w FORMAT TSV"), writer, batch, lost)
		if _, err := ask(ctx, e, insert, data.String()); errors.Is(err, errDied) {
			retried = true
			continue
		} else if err != nil || !retried {
			return err
		}
		stored, err := ask(ctx, e, "/?"+query(count), "")
		switch {
		case errors.Is(err, errDied): // the same token again does no harm
		case err != nil || stored == fmt.Sprintln(rows):
			return err
		case stored == "0\n":
			lost++ // the token is known, the rows are not
		default:
			return fmt.Errorf("batch %d of writer %d: %q of %d rows", batch, writer, stored, rows)
		}
	}
}

// errDied is what ask returns when the engine ended before it answered.
var errDied = errors.New("the engine died")

// ask waits for the engine, sends body to target and returns what it answers.
func ask(ctx context.Context, e *engine.Engine, target, body string) (string, error) {
	if err := e.Wait(ctx); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL()+target, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.SetBasicAuth("default", ownerToken)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", errDied
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", errDied
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking: %s", answer)
	}
	return string(answer), nil
}
