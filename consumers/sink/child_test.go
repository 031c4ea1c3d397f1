package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
)

// The test binary runs the sink as a process of its own, so that it can be killed, when childEnv is set: the point at
// which it ends, after how many times, and how: "after-insert 3 KILL".
const (
	childEnv      = "RAGLINE_TEST_SINK"
	childKafka    = "RAGLINE_TEST_SINK_KAFKA"
	childDatabase = "RAGLINE_TEST_SINK_CLICKHOUSE"
	// childProfile is a folder for the process's cpu.pprof and allocs.pprof, written when it ends well.
	childProfile = "RAGLINE_TEST_SINK_PROFILE"
)

// Points at which a child ends by itself.
const (
	pointNone          = "none"
	pointAfterAnnounce = "after-announce"
	pointMidInsert     = "mid-insert"
	pointAfterInsert   = "after-insert"
)

// fuse ends the process when its point was reached as often as it says.
type fuse struct {
	point  string
	left   atomic.Int64
	signal syscall.Signal
}

func parseFuse(text string) (*fuse, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return nil, fmt.Errorf("%s=%q: want a point, a number and a signal", childEnv, text)
	}
	times, err := strconv.Atoi(fields[1])
	f := &fuse{point: fields[0], signal: syscall.SIGKILL}
	if fields[2] == "STOP" {
		f.signal = syscall.SIGSTOP
	}
	f.left.Store(int64(times))
	return f, err
}

func (f *fuse) reached(point string) {
	if point == f.point && f.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), f.signal) // a stopped process goes on here
	}
}

// fused is a store that may end the process once rows are stored.
type fused struct {
	store
	fuse *fuse
}

func (f fused) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	err := f.store.Insert(ctx, table, token, columns)
	if err == nil {
		f.fuse.reached(pointAfterInsert)
	}
	return err
}

// fusedHandler may end the process once a batch is announced.
type fusedHandler struct {
	*Sink
	fuse *fuse
}

func (f fusedHandler) HandleBatch(ctx context.Context, b stream.Batch) error {
	f.fuse.reached(pointAfterAnnounce)
	return f.Sink.HandleBatch(ctx, b)
}

// runChild is the process. It ends well on SIGTERM.
func runChild() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := profiled(ctx, os.Getenv(childProfile), sinkProcess); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func profiled(ctx context.Context, dir string, run func(context.Context) error) error {
	if dir == "" {
		return run(ctx)
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	err = run(ctx)
	pprof.StopCPUProfile()
	allocs, create := os.Create(filepath.Join(dir, "allocs.pprof"))
	if create != nil {
		return errors.Join(err, create)
	}
	defer allocs.Close()
	return errors.Join(err, pprof.Lookup("allocs").WriteTo(allocs, 0))
}

func sinkProcess(ctx context.Context) error {
	f, err := parseFuse(os.Getenv(childEnv))
	if err != nil {
		return err
	}
	address := os.Getenv(childDatabase)
	if f.point == pointMidInsert {
		if address, err = cuttingProxy(address, f); err != nil {
			return err
		}
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg, err := env.ParseAsWithOptions[warehouse.Config](env.Options{Environment: map[string]string{"CLICKHOUSE_URL": address}})
	if err != nil {
		return err
	}
	w, err := warehouse.Open(cfg, logger)
	if err != nil {
		return err
	}
	b, err := broker.New(broker.Config{Brokers: []string{os.Getenv(childKafka)}, ReplicationFactor: -1}, logger)
	if err != nil {
		return err
	}
	streamCfg, err := env.ParseAs[stream.Config]()
	if err != nil {
		return err
	}
	s := newSink(Config{Cluster: "ragline"}, fused{w, f}, logger, time.Now)
	consumer, err := stream.NewBatchConsumer(streamCfg, stream.Deps{Broker: b, Logger: logger, Version: "test"}, Topics("agent"), fusedHandler{s, f})
	if err != nil {
		return err
	}
	return errors.Join(consumer.Run(ctx), w.Close())
}

// cuttingProxy forwards to ClickHouse, and ends the process with a random part of an insert on its way.
func cuttingProxy(address string, f *fuse) (string, error) {
	scheme, rest, _ := strings.Cut(address, "//")
	credentials, hostAndPath, _ := strings.Cut(rest, "@")
	host, path, _ := strings.Cut(hostAndPath, "/")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go cut(in, host, f)
		}
	}()
	return fmt.Sprintf("%s//%s@%s/%s", scheme, credentials, l.Addr(), path), nil
}

func cut(in net.Conn, host string, f *fuse) {
	defer in.Close()
	out, err := net.Dial("tcp", host)
	if err != nil {
		return
	}
	defer out.Close()
	go func() { _, _ = io.Copy(in, out) }()
	buf := make([]byte, 1<<20)
	for {
		n, err := in.Read(buf)
		if bytes.Contains(buf[:n], []byte("INSERT+INTO")) && f.left.Load() == 1 {
			_, _ = out.Write(buf[:1+rand.IntN(n)])
			f.reached(pointMidInsert)
		} else if bytes.Contains(buf[:n], []byte("INSERT+INTO")) {
			f.left.Add(-1)
		}
		if _, werr := out.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

// process is a running child.
type process struct {
	*exec.Cmd
	done   chan struct{}
	output *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// startSink starts the sink as a process, with small batches and short waits.
func startSink(t testing.TB, kafka *broker.Broker, database, fuse string) *process {
	t.Helper()
	return startProcess(t, os.Args[:1], childEnv+"="+fuse, childKafka+"="+kafka.Addrs()[0], childDatabase+"="+database,
		"RAGLINE_STREAM_RETRY_MIN=1ms", "RAGLINE_STREAM_RETRY_MAX=20ms", "RAGLINE_BATCH_LINGER=10ms",
		"RAGLINE_STREAM_COMMIT_INTERVAL=5ms", "RAGLINE_STREAM_SESSION_TIMEOUT=6s", "RAGLINE_BATCH_MAX_RECORDS=25")
}

// startProcess starts a process that is killed with the test at the latest.
func startProcess(t testing.TB, command []string, environ ...string) *process {
	t.Helper()
	p := &process{
		Cmd:  exec.CommandContext(context.WithoutCancel(t.Context()), command[0], command[1:]...),
		done: make(chan struct{}), output: &lockedBuffer{},
	}
	p.Env = append(os.Environ(), environ...)
	p.Stdout, p.Stderr = p.output, p.output
	require.NoError(t, p.Start())
	go func() {
		defer close(p.done)
		_ = p.Wait() // killed, mostly
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
	})
	return p
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}
