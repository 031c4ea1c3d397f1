package trainer

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// moments at which something is killed: before the first step, at steps with and without a checkpoint, and when the
// adapter is in place and nobody knows.
func moments() []int64 { return []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, holdSaved} }

// awaitHold waits until the job's worker stands still, and returns its process.
func (b bundle) awaitHold(t *testing.T, d *event.DatasetReady, at int64) (pid int) {
	t.Helper()
	marker := b.job(t, d).path("held-" + strconv.FormatInt(at, 10))
	require.Eventually(t, func() bool { return file.ReadJSON(marker, &pid) == nil }, 2*time.Minute, time.Millisecond)
	return pid
}

// interrupt ends the worker from outside, which makes it save and the trainer start it again.
func (b bundle) interrupt(t *testing.T, d *event.DatasetReady, at int64) {
	t.Helper()
	require.NoError(t, syscall.Kill(b.awaitHold(t, d, at), syscall.SIGTERM))
}

func (b bundle) requireOnce(t *testing.T, j Job) {
	t.Helper()
	require.Len(t, events[*event.TrainingFinished](t, b, topic.Training), 1)
	require.Len(t, events[*event.ModelTrained](t, b, topic.Models), 1)
	require.Empty(t, events[*event.TrainingFailed](t, b, topic.Training))
	require.NoFileExists(t, j.path("conflict"), "two workers ran side by side")
	last := int64(-1)
	for _, s := range events[*event.TrainingStarted](t, b, topic.Training) {
		require.GreaterOrEqual(t, s.GetResumedFromStep(), last, "it goes on, it does not begin again")
		last = s.GetResumedFromStep()
	}
}

func TestKilledWorkerGoesOnAndFinishesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 8, Hold: moments()})
	d := dataset(t, "one", 20)
	b.announce(t, d)
	stop := b.start(t)
	for _, at := range moments() {
		require.NoError(t, syscall.Kill(b.awaitHold(t, d, at), syscall.SIGKILL))
	}
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, stop())
	b.requireOnce(t, b.job(t, d))
}

func TestKilledTrainerGoesOnAndFinishesOnce(t *testing.T) {
	t.Parallel()
	// Half of the workers hear the kernel's SIGTERM and save, half of them have to be killed by the next trainer.
	b := setup(t, behaviour{Steps: 8, Hold: moments(), Stubborn: []int64{1, 3, 5, 7, holdSaved}})
	b.cfg.Grace = 100 * time.Millisecond
	d := dataset(t, "one", 20)
	b.announce(t, d)
	for _, at := range moments() {
		cmd := b.process(t, false)
		b.awaitHold(t, d, at)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
	}
	last := b.process(t, false)
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, last.Process.Signal(syscall.SIGTERM))
	require.NoError(t, last.Wait())
	b.requireOnce(t, b.job(t, d))
}

// process starts a trainer that can be killed.
func (b bundle) process(t *testing.T, real bool) *exec.Cmd {
	t.Helper()
	file := t.TempDir() + "/trainer.json"
	require.NoError(t, writeJSON(file, map[string]any{"Brokers": b.Broker.Addrs(), "Config": b.cfg, "Real": real}))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "trainer", file)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	return cmd
}
