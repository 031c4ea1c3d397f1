package child

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The test binary is also the program, and the parent that is killed.
const role = "RAGLINE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "parent":
		os.Exit(parent())
	default:
		os.Exit(program(os.Getenv(role)))
	}
}

func program(does string) int {
	out := os.NewFile(3, "lines")
	switch does {
	case "talk":
		fmt.Println("to the log")
		fmt.Fprint(out, "one\ntwo\n")
		return 7
	case "obey":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Fprintln(out, "ready")
		<-c
		fmt.Fprintln(out, "saved")
		return 75
	case "ignore":
		signal.Ignore(syscall.SIGTERM)
		fmt.Fprintln(out, "ready")
		select {}
	case "fork":
		cmd := exec.Command(os.Args[0]) //nolint:noctx // it outlives this process on purpose
		cmd.Env = append(os.Environ(), role+"=ignore")
		cmd.ExtraFiles = []*os.File{out}
		if cmd.Start() != nil {
			return 1
		}
		fmt.Fprintln(out, strconv.Itoa(cmd.Process.Pid))
		return 0
	}
	return 1
}

func parent() int {
	lock, err := TakeLock(context.Background(), os.Getenv("LOCK"), nil)
	if err != nil {
		return 1
	}
	_, err = Run(context.Background(), Command{
		Path: os.Args[0], Env: append(os.Environ(), role+"=ignore"), Lock: lock, Grace: time.Minute,
		Line: func([]byte) { fmt.Println("running") },
	})
	fmt.Println(err)
	return 0
}

func command(does string, line func([]byte)) Command {
	return Command{Path: os.Args[0], Env: append(os.Environ(), role+"="+does), Line: line, Grace: time.Minute}
}

func TestLinesLogAndExitCodeAreHandedOver(t *testing.T) {
	t.Parallel()
	var lines []string
	var log bytes.Buffer
	c := command("talk", func(l []byte) { lines = append(lines, string(l)) })
	c.Log = &log
	exit, err := Run(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Exit{Code: 7}, exit)
	require.Equal(t, []string{"one\n", "two\n"}, lines)
	require.Equal(t, "to the log\n", log.String())
}

func TestEndOfContextAsksTheProgramToEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var lines []string
	exit, err := Run(ctx, command("obey", func(l []byte) {
		lines = append(lines, string(l))
		cancel()
	}))
	require.NoError(t, err)
	require.Equal(t, Exit{Code: 75}, exit)
	require.Equal(t, []string{"ready\n", "saved\n"}, lines)
}

func TestProgramThatDoesNotEndIsKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := command("ignore", func([]byte) { cancel() })
	c.Grace = time.Millisecond
	exit, err := Run(ctx, c)
	require.NoError(t, err)
	require.Equal(t, syscall.SIGKILL, exit.Signal)
}

func TestWhoTheProgramLeavesBehindIsKilled(t *testing.T) {
	t.Parallel()
	var pid int
	_, err := Run(t.Context(), command("fork", func(l []byte) {
		if n, err := strconv.Atoi(strings.TrimSpace(string(l))); err == nil {
			pid = n
		}
	}))
	require.NoError(t, err)
	require.NotZero(t, pid)
	require.Eventually(t, func() bool { return gone(pid) }, time.Minute, time.Millisecond)
}

// gone says whether a process has ended. One that nobody has waited for is a zombie.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestSurvivorOfAKilledParentIsEndedBeforeItsSuccessor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), role+"=parent", "LOCK="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 64)) // the program runs
	require.NoError(t, err)
	survivor := holder(path)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.False(t, gone(survivor), "it ignores the kernel's SIGTERM")

	lock, err := TakeOver(t.Context(), path, time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, lock.Close())
	require.Eventually(t, func() bool { return gone(survivor) }, time.Minute, time.Millisecond)
}
