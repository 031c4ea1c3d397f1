package main_test

import (
	"context"
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

// Kill the engine in the middle of inserts, three times: writers that retry a batch under its token
// find each acknowledged row once, none twice.
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
	target := fmt.Sprintf("%s/?%s&insert_deduplication_token=%d-%d", e.URL(), query("INSERT INTO w FORMAT TSV"), writer, batch)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		if err := e.Wait(ctx); err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(data.String()))
		if err != nil {
			return err
		}
		req.SetBasicAuth("default", ownerToken)
		res, err := client.Do(req)
		if err != nil {
			continue // the engine died; its return is awaited above
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return nil
		}
		return fmt.Errorf("inserting: %s", body)
	}
}
