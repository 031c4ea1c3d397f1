package trainer

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// realSetup has the worker in Python train a tiny random Llama on the CPU.
func realSetup(t *testing.T) bundle {
	t.Helper()
	b := setup(t, behaviour{})
	e, ok := FindEnvironment(Config{Env: os.Getenv("RAGLINE_TRAINER_ENV")})
	if !ok {
		t.Skip("the training environment is missing: run make trainer-env")
	}
	if testing.Short() {
		t.Skip("trains a model: run without -short")
	}
	b.cfg.Env, b.cfg.BaseModel = e.dir, filepath.Join(t.TempDir(), "tiny")
	b.cfg.Device, b.cfg.MaxLength, b.cfg.MaxSteps, b.cfg.SaveSteps, b.cfg.EvalSteps, b.cfg.GradientAccumulation = "cpu", 128, 6, 1, 1, 1
	b.cfg.Grace = time.Minute
	cmd := exec.CommandContext(t.Context(), e.program("python"), "-B", "-m", "ragline_trainer.tiny", b.cfg.BaseModel)
	cmd.Env = append(os.Environ(), "PYTHONPATH=python", "OMP_NUM_THREADS=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return b
}

// TestRealJobGoesOnAfterKill trains for real: the trainer is killed in the middle, its worker ends by the kernel's
// signal or is ended by the successor, and the successor finishes from a checkpoint.
func TestRealJobGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	b := realSetup(t)
	d := dataset(t, "one", 20)
	j := b.job(t, d)
	b.announce(t, d)
	first := b.process(t, true)
	require.Eventually(t, func() bool { return j.checkpoint() > 0 || finished(j) }, 5*time.Minute, time.Millisecond)
	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())

	second := b.process(t, true)
	require.Eventually(t, func() bool { return finished(j) }, 5*time.Minute, 10*time.Millisecond)
	streamtest.Await(t, b.Broker, topic.Models, 1, func(event.Event) bool { return true })
	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.Wait())
	b.requireOnce(t, j)
	starts := events[*event.TrainingStarted](t, b, topic.Training)
	require.GreaterOrEqual(t, len(starts), 1)
	done := events[*event.TrainingFinished](t, b, topic.Training)[0]
	require.Positive(t, done.GetTokens())
	require.Positive(t, done.GetTrainLoss())
	points := events[*event.TrainingProgressed](t, b, topic.Training)
	require.Equal(t, int64(6), points[len(points)-1].GetStep())
	for _, name := range []string{"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "chat_template.jinja", "training.json", "parity.jsonl"} {
		require.FileExists(t, j.path("adapter/"+name))
	}
}

func finished(j Job) bool {
	_, err := os.Stat(j.path(resultName))
	return err == nil
}
