package child_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// modeEnv makes the test binary play the supervised program.
const modeEnv = "RAGLINE_CHILD_TEST_MODE"

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeEnv); mode != "" {
		play(mode, os.Args[1:])
		return
	}
	goleak.VerifyTestMain(m)
}

func play(mode string, args []string) {
	switch mode {
	case "dies":
		fmt.Fprintln(os.Stderr, "no disk")
		os.Exit(3)
	case "silent":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready 127.0.0.1:1")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "parent":
		playParent()
	case "locks":
		playLock(args[0])
	default:
		playServer(args)
	}
}

// playServer says which arguments it got and echoes an address as a server would.
func playServer(args []string) {
	ctx, stop := child.UntilParentExits(context.Background(), os.Stdin)
	defer stop()
	fmt.Fprintf(os.Stderr, "args %s\n", strings.Join(args, " "))
	addr := "127.0.0.1:4711"
	if len(args) > 0 && args[0] != "" {
		addr = args[0]
	}
	_ = child.PrintReady(os.Stdout, addr)
	<-ctx.Done()
	fmt.Println("bye")
}

// playParent supervises a server, prints its pid and hangs until it is killed.
func playParent() {
	p, err := child.Start(context.Background(), config("server"))
	if err != nil {
		panic(err)
	}
	fmt.Println(p.PID())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func playLock(path string) {
	release, err := child.FileLock(context.Background(), path, 0)
	if err != nil {
		panic(err)
	}
	defer release()
	fmt.Println("locked")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

func config(mode string) child.Config {
	return child.Config{
		Name:       mode,
		Path:       os.Args[0],
		Env:        append(os.Environ(), modeEnv+"="+mode),
		RestartMin: time.Millisecond,
		RestartMax: 10 * time.Millisecond,
		Logger:     slog.New(slog.DiscardHandler),
	}
}

// eventually asks again until ok, without a deadline of its own beyond the test's.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never happened: %s", what)
		}
	}
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func startPeer(t *testing.T, mode string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), modeEnv+"="+mode)
	_, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(stdout)
}
