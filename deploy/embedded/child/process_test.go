package child_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/child"
)

func start(t *testing.T, cfg child.Config) *child.Process {
	t.Helper()
	p, err := child.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(p.Stop)
	return p
}

func TestAddressComesFromTheReadyLine(t *testing.T) {
	t.Parallel()
	p := start(t, config("server"))
	require.Equal(t, "127.0.0.1:4711", p.Addr())
	require.NoError(t, p.Wait(t.Context()))
}

func TestKilledProgramComesBackAtItsAddress(t *testing.T) {
	t.Parallel()
	cfg := config("server")
	cfg.Args = func(addr string) []string {
		if addr == "" {
			addr = "127.0.0.1:99"
		}
		return []string{addr}
	}
	p := start(t, cfg)
	first := p.PID()
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	eventually(t, "restart", func() bool { return p.Restarts() == 1 })
	require.NoError(t, p.Wait(t.Context()))
	require.NotEqual(t, first, p.PID())
	require.Equal(t, "127.0.0.1:99", p.Addr())
}

func TestStopLetsTheProgramSayGoodbye(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var lines []string
	cfg := config("server")
	cfg.OnLine = func(stream child.Stream, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, string(stream)+" "+line)
	}
	p := start(t, cfg)
	p.Stop()
	p.Stop()
	require.Zero(t, p.PID())
	require.ErrorIs(t, p.Wait(t.Context()), child.ErrStopped)
	<-p.Done()
	mu.Lock()
	defer mu.Unlock()
	require.Contains(t, lines, "stdout bye")
	require.Contains(t, lines, "stderr args ")
}

func TestStubbornProgramIsKilledAfterTheGrace(t *testing.T) {
	t.Parallel()
	cfg := config("stubborn")
	cfg.Grace = 50 * time.Millisecond
	p := start(t, cfg)
	pid := p.PID()
	p.Stop()
	require.False(t, alive(pid))
}

func TestProgramThatDiesBeforeReadyIsAnErrorWithItsLastWords(t *testing.T) {
	t.Parallel()
	_, err := child.Start(t.Context(), config("dies"))
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no disk")
}

func TestProgramThatIsNeverReadyIsStopped(t *testing.T) {
	t.Parallel()
	cfg := config("silent")
	cfg.ReadyTimeout = 100 * time.Millisecond
	_, err := child.Start(t.Context(), cfg)
	require.ErrorContains(t, err, "not ready in time")
}

func TestCanceledStartLeavesNoProgram(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := child.Start(ctx, config("silent"))
	require.ErrorIs(t, err, context.Canceled)
}

func TestMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	cfg := config("server")
	cfg.Path = "/nowhere/engine"
	_, err := child.Start(t.Context(), cfg)
	require.ErrorContains(t, err, "starting server")
}

func TestProbeStandsInForTheReadyLine(t *testing.T) {
	t.Parallel()
	cfg := config("silent")
	cfg.Grace = 50 * time.Millisecond
	cfg.ProbeEvery = time.Millisecond
	asked := 0
	cfg.Probe = func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	p := start(t, cfg)
	require.Empty(t, p.Addr())
	require.Equal(t, 3, asked)
}

func TestProgramEndsWithItsParent(t *testing.T) {
	t.Parallel()
	parent, lines := startPeer(t, "parent")
	require.True(t, lines.Scan())
	pid, err := strconv.Atoi(lines.Text())
	require.NoError(t, err)
	require.True(t, alive(pid))
	require.NoError(t, parent.Process.Signal(syscall.SIGKILL))
	_ = parent.Wait()
	eventually(t, "end of the orphan", func() bool { return !alive(pid) || zombie(pid) })
}
