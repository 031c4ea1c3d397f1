package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
)

const (
	hangEnv   = "RAGLINE_BENCH_EXPORT_HANG"   // how long a backend hangs, and how many pairs of runs: 1m,4
	brokerEnv = "RAGLINE_BENCH_EXPORT_BROKER" // where Kafka is
	sideEnv   = "RAGLINE_BENCH_EXPORT_SIDE"   // "hung" beside the backend that is well, or ""
	// hung is where the server takes requests and never answers.
	hung = "/hung"
)

// TestBackendThatHangsCostsTheOthersNothing exports the same log to a LangFuse that is well, with and without a LangSmith
// beside it that hangs already, in turns, and prints what a span of LangFuse cost, how fast they went, and the memory of
// the process before, after, and once it has waited on with the one that hangs.
func TestBackendThatHangsCostsTheOthersNothing(t *testing.T) {
	wait, pairs, _ := strings.Cut(os.Getenv(hangEnv), ",")
	if wait == "" {
		t.Skipf("set %s=1m,4 (how long, pairs of runs), or run `make bench-export`", hangEnv)
	}
	n, err := strconv.Atoi(pairs)
	require.NoError(t, err)
	url := startServer(t)
	cluster := streamtest.NewCluster(t)
	batches, err := records(25_000)
	require.NoError(t, err)
	for _, b := range batches {
		streamtest.PublishRecords(t, cluster.Broker, b.Records...)
	}
	var total [2]outcome
	for pair := range n {
		for i := range 2 { // in turns, so that what else the machine does hits both
			side := (pair + i) % 2
			o := consumer(t, cluster.Addr(), url, []string{"", "hung"}[side], []string{"0s", wait}[side], pair*2+i)
			t.Logf("%-8s %6.2f CPU s  %6.2f s  %4.0f MB before  %4.0f MB after  %4.0f MB later", []string{"alone", "beside"}[side], o.cpu, o.wall, o.before, o.after, o.later)
			total[side].cpu += o.cpu
			total[side].wall += o.wall
		}
	}
	t.Logf("beside a backend that hangs a span costs %+.1f %% CPU and takes %+.1f %% time", 100*(total[1].cpu/total[0].cpu-1), 100*(total[1].wall/total[0].wall-1))
}

// outcome is what a consumer prints: seconds, and MB.
type outcome struct{ cpu, wall, before, after, later float64 }

func consumer(t *testing.T, kafka, url, side, wait string, run int) (o outcome) {
	t.Helper()
	cmd := exec.CommandContext(bounded(t), os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=consumer", brokerEnv+"="+kafka, urlEnv+"="+url, sideEnv+"="+side, hangEnv+"="+wait, fmt.Sprintf("%s=%d", runEnv, run))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	_, err = fmt.Sscan(string(out), &o.cpu, &o.wall, &o.before, &o.after, &o.later)
	require.NoError(t, err, string(out))
	return o
}

// consume is a process with the real consumers.
func consume() error {
	b, err := broker.New(broker.Config{Brokers: []string{os.Getenv(brokerEnv)}, ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	running, err := env.ParseAsWithOptions[stream.Config](env.Options{Environment: map[string]string{}})
	if err != nil {
		return err
	}
	running.ShutdownTimeout = time.Second
	wait, err := time.ParseDuration(os.Getenv(hangEnv))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var neighbour errgroup.Group
	if os.Getenv(sideEnv) != "" {
		neighbour.Go(func() error {
			return replay(ctx, &exporter.Replay{Name: "langsmith-" + os.Getenv(runEnv)}, settings("langsmith", os.Getenv(urlEnv)+hung), b, running)
		})
	}
	pause(settle)
	o := outcome{before: megabytes()}
	start, used := time.Now(), cpu()
	if err := replay(ctx, &exporter.Replay{Name: "langfuse-" + os.Getenv(runEnv)}, settings("langfuse", os.Getenv(urlEnv)), b, running); err != nil {
		return err
	}
	o.wall, o.cpu = time.Since(start).Seconds(), (cpu() - used).Seconds()
	o.after = megabytes()
	pause(wait)
	o.later = megabytes()
	stop()
	if err := neighbour.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Println(o.cpu, o.wall, o.before, o.after, o.later)
	return nil
}

// settle is the time until a backend that hangs has read what it will hold.
const settle = 4 * time.Second

func pause(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
}

func replay(ctx context.Context, r *exporter.Replay, settings map[string]string, b *broker.Broker, running stream.Config) error {
	cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: settings})
	if err != nil {
		return err
	}
	return r.Run(ctx, cfg, exporter.Deps{Broker: b, Version: "bench"}, running, stream.Deps{Broker: b, Version: "bench"})
}

// megabytes is the memory that this process holds.
func megabytes() float64 {
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident float64
	_, _ = fmt.Sscan(string(raw), &size, &resident) // what cannot be read is 0
	return resident * float64(os.Getpagesize()) / 1e6
}
