package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// factoryLimit bounds the whole loop: about a minute on two idle cores, most of it Python's imports.
const factoryLimit = 12 * time.Minute

var newModelAnswers = regexp.MustCompile(`(?m)^    ragline-default:[0-9a-f]{12}, \d+ steps`)

// TestFactoryEndsWithANewModelThatAnswers runs what `make factory` runs: the demo's answers and feedback, the dataset, the
// real training job, the merged and quantized model in a real Ollama, the gate, and an answer of the promoted model.
func TestFactoryEndsWithANewModelThatAnswers(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	probe := exec.CommandContext(t.Context(), filepath.Join(root, "consumers/trainer/python/run.sh"), "ragline_trainer", "--probe")
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("the training job has no environment: run make trainer-env (%v: %s)", err, out)
	}
	server := ollamaProgram(t, root)

	ctx, cancel := context.WithTimeout(t.Context(), factoryLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, "deploy/factory/demo.sh"))
	cmd.Env = append(s.env(), "OLLAMA="+server, "RAGLINE="+filepath.Join(binaries, "ragline"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	require.NoError(t, err, "%s%s", &out, &errs)
	inOrder(t, out.String(), "dataset ", "training  lora", "trained ", "packaged  ragline-default:", "judged ", "promoted ", "every count agrees with Kafka's offsets")
	require.Regexp(t, newModelAnswers, out.String(), "the answer names the model")
}

// ollamaProgram is the one that make ollama builds, or that of RAGLINE_TEST_OLLAMA.
func ollamaProgram(t *testing.T, root string) string {
	t.Helper()
	if path := os.Getenv("RAGLINE_TEST_OLLAMA"); path != "" {
		return path
	}
	show := exec.CommandContext(t.Context(), "make", "-s", "-C", root, "ollama-path")
	show.Env = os.Environ()
	out, err := show.Output()
	require.NoError(t, err)
	path := strings.TrimSpace(string(out))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no Ollama at %s: build it with make ollama, or set RAGLINE_TEST_OLLAMA", path)
	}
	return path
}
