package packager

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	dieEnv    = "RAGLINE_TEST_PACKAGER_DIES_AT"
	configEnv = "RAGLINE_TEST_PACKAGER_CONFIG"
	brokerEnv = "RAGLINE_TEST_PACKAGER_BROKER"
)

// die is the packager of a child process that kills itself, with no last word, once it has reached a step.
func die() int {
	var cfg Config
	if err := json.Unmarshal([]byte(os.Getenv(configEnv)), &cfg); err != nil {
		fmt.Println(err)
		return 1
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, nil))
	b, err := broker.New(broker.Config{Brokers: []string{os.Getenv(brokerEnv)}, ReplicationFactor: -1}, logger)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	p, err := New(cfg, b, logger)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	p.reached = func(step string) {
		if step == os.Getenv(dieEnv) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	fmt.Println(p.Run(context.Background()))
	return 1
}

// TestKilledAtAnyStepItGoesOnAndFinishesOnce kills a packager at every step, each time a new one that goes on, and
// lets the last one finish.
func TestKilledAtAnyStepItGoesOnAndFinishesOnce(t *testing.T) {
	t.Parallel()
	s, b := ollamatest.New(t), streamtest.NewCluster(t)
	cfg := config(t, s.URL)
	trained := tinyAdapter(t, tinyBase(t), true)
	streamtest.Publish(t, b.Broker, event.New("test", trained))
	for _, step := range []string{"merged", "made f16", "made q8_0", "modelfile", "described", "created", "proven", "named", "told"} {
		runUntilKilled(t, cfg, b.Addr(), step)
		for _, name := range s.Names() {
			require.Contains(t, []string{"ragline-default:0123456789ab", "ragline-default:0123456789ab-candidate"}, name, step)
		}
		if step == "proven" {
			require.NotContains(t, s.Names(), "ragline-default:0123456789ab", "a served name is a proven model")
		}
	}
	// The announcement was acknowledged; nothing is left to do.
	runAll(t, newPackager(t, cfg, b.Broker))
	packaged := ofType[*event.ModelPackaged](t, b)
	require.Len(t, packaged, 1)
	require.Equal(t, "ragline-default:0123456789ab", packaged[0].GetServedName())
	require.EqualValues(t, 3, packaged[0].GetParityPrompts())
	require.Equal(t, []string{"ragline-default:0123456789ab"}, s.Names())
	require.Equal(t, 1, s.Calls("POST /api/blobs"))
}

func runUntilKilled(t *testing.T, cfg Config, addr, step string) {
	t.Helper()
	raw, err := json.Marshal(cfg)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), dieEnv+"="+step, configEnv+"="+string(raw), brokerEnv+"="+addr)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s: %s", step, out)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%s: %v %s", step, err, strings.TrimSpace(string(out)))
}

// ofType lists the events of a kind on the models topic.
func ofType[T any](t *testing.T, b *streamtest.Cluster) []T {
	t.Helper()
	var all []T
	for _, e := range streamtest.ReadAll(t, b.Broker, topic.Models) {
		if d, ok := e.Data.(T); ok {
			all = append(all, d)
		}
	}
	return all
}
