package kafka_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/deploy/embedded/kafka"
)

// modeEnv makes the test binary play another program.
const modeEnv = "RAGLINE_KAFKA_TEST_MODE"

func TestMain(m *testing.M) {
	switch os.Getenv(modeEnv) {
	case "broker":
		playBroker(slog.LevelWarn)
	case "parent":
		playParent()
	default:
		goleak.VerifyTestMain(m)
	}
}

// playBroker is what the CLI's hidden subcommand does.
func playBroker(level slog.Level) {
	opts := kafka.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))}
	flag.StringVar(&opts.DataDir, "data-dir", "", "")
	flag.StringVar(&opts.Addr, "addr", "", "")
	flag.Parse()
	if err := kafka.Main(context.Background(), opts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// playParent starts a broker, prints its address and hangs until it is killed.
func playParent() {
	b, err := kafka.Start(context.Background(), config(os.Args[1]), slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	fmt.Println(b.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func config(dir string) kafka.Config {
	return kafka.Config{
		Addr:       "127.0.0.1:0",
		DataDir:    dir,
		Executable: os.Args[0],
		Args:       []string{},
		Env:        append(os.Environ(), modeEnv+"=broker"),
	}
}

func start(t *testing.T, cfg kafka.Config) *kafka.Broker {
	t.Helper()
	b, err := kafka.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// startParent runs a whole parent process and returns it with the broker's address.
func startParent(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), modeEnv+"=parent")
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	return cmd, lines.Text()
}

func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.FetchMaxWait(200 * time.Millisecond)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cl.CloseAllowingRebalance)
	return cl
}

func createTopic(t *testing.T, cl *kgo.Client, name string, partitions int32) {
	t.Helper()
	_, err := kadm.NewClient(cl).CreateTopic(t.Context(), partitions, -1, nil, name)
	require.NoError(t, err)
}

func produce(t *testing.T, cl *kgo.Client, topic string, from, to int) {
	t.Helper()
	records := make([]*kgo.Record, 0, to-from)
	for i := from; i < to; i++ {
		records = append(records, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", i)})
	}
	require.NoError(t, cl.ProduceSync(t.Context(), records...).FirstErr())
}

// distinct reads until it has seen n different values or the test ends.
func distinct(t *testing.T, cl *kgo.Client, n int) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for len(seen) < n {
		fetches := cl.PollFetches(t.Context())
		require.NoError(t, t.Context().Err())
		fetches.EachRecord(func(r *kgo.Record) { seen[string(r.Value)]++ })
	}
	return seen
}
