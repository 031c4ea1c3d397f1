package main_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	engine "github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// program is the helper started as a parent would start it.
type program struct {
	cmd   *exec.Cmd
	stdin interface{ Close() error }
}

func startProgram(t *testing.T) program {
	t.Helper()
	if _, err := engine.FindLibrary(); err != nil {
		t.Skip(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(ownerToken), 0o600))
	cmd := exec.Command(enginetest.Helper(t), "-data", t.TempDir(), "-token-file", token)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(line, "ready 127.0.0.1:"), line)
	return program{cmd, stdin}
}

func TestEndsCleanlyWhenItsParentIsGone(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.cmd.Wait())
}

func TestEndsCleanlyOnSIGTERM(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
}

func TestTokenIsNotInTheArguments(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	args, err := exec.Command("ps", "-o", "args=", "-p", strconv.Itoa(e.PID())).Output()
	if err != nil {
		t.Skip("no ps on this machine")
	}
	require.Contains(t, string(args), "-data")
	require.NotContains(t, string(args), ownerToken)
}

func TestSecondEngineOnOneDirectoryNamesTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, func(cfg *engine.Config) { cfg.DataDir = dir })
	library, err := engine.FindLibrary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), enginetest.Helper(t), "-lib", library, "-data", dir, "-lock-wait", "0s")
	cmd.Env = append(os.Environ(), "RAGLINE_CLICKHOUSE_TOKEN=x")
	stdin, err := cmd.StdinPipe() // an end of stdin would end it
	require.NoError(t, err)
	defer stdin.Close()
	output, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "locked by process "+strconv.Itoa(first.PID()))
}
