package trainer_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPythonTrainingJob runs the tests of the training job in its environment.
func TestPythonTrainingJob(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains models, which takes minutes: run without -short")
	}
	python := filepath.Join(pythonEnvironment(t), "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skipf("the environment of the training job is missing: run make trainer-env (%v)", err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "-m", "pytest", "--durations=5")
	cmd.Dir = "python"
	cmd.Env = append(os.Environ(), "PYTHONPATH=.", "OMP_NUM_THREADS=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
}

// pythonEnvironment is the place that env.sh chooses.
func pythonEnvironment(t *testing.T) string {
	t.Helper()
	if env := os.Getenv("RAGLINE_TRAINER_ENV"); env != "" {
		return env
	}
	lock, err := os.ReadFile("python/requirements.lock")
	require.NoError(t, err)
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	sum := sha256.Sum256(lock)
	return filepath.Join(cache, "ragline", "trainer-"+hex.EncodeToString(sum[:])[:12])
}
