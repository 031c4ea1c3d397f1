package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binaries is the folder of the programs under test, built once.
var binaries string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "ragline-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir+"/", "./cmd/ragline", "./cmd/ragline-clickhouse")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building: %w\n%s", err, out)
	}
	binaries = dir
	return m.Run(), nil
}

// system is one data directory with its ports: `ragline up` may be started on it again and again.
type system struct {
	t                          *testing.T
	dir                        string
	kafka, clickhouse, gateway string
	extra                      []string
}

// newSystem picks free ports and an empty data directory.
func newSystem(t *testing.T, extra ...string) *system {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the whole system: run without -short")
	}
	return &system{t: t, dir: t.TempDir(), kafka: freeAddr(t), clickhouse: freeAddr(t), gateway: freeAddr(t), extra: extra}
}

// env is the environment of every command on the system, without settings of the person who runs the tests.
func (s *system) env() []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "RAGLINE_") && !strings.HasPrefix(name, "KAFKA_") && !strings.HasPrefix(name, "CLICKHOUSE_") && !strings.HasPrefix(name, "OTEL_") {
			env = append(env, pair)
		}
	}
	env = append(env,
		"RAGLINE_DATA_DIR="+s.dir,
		"RAGLINE_KAFKA_ADDR="+s.kafka,
		"RAGLINE_CLICKHOUSE_ADDR="+s.clickhouse,
		"RAGLINE_GATEWAY_ADDR="+s.gateway,
		"RAGLINE_DOMAIN_DIR="+packDir(s.t),
	)
	return append(env, s.extra...)
}

// command returns `ragline args...`, in a process group of its own.
func (s *system) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "ragline"), args...)
	cmd.Env = s.env()
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// ragline runs a command to its end and returns what it printed.
func (s *system) ragline(args ...string) (stdout string, code int) {
	s.t.Helper()
	cmd := s.command(s.t.Context(), args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(s.t, err)
	}
	if errs.Len() > 0 {
		s.t.Logf("ragline %s: %s", strings.Join(args, " "), errs.String())
	}
	return out.String() + errs.String(), cmd.ProcessState.ExitCode()
}

// process is a running `ragline up`.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	log  []string
	up   chan struct{}
}

// start runs `ragline up` and returns at once; ready waits.
func (s *system) start(args ...string) *process {
	s.t.Helper()
	cmd := s.command(context.Background(), append([]string{"up"}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(s.t, cmd.Start())
	p := &process{cmd: cmd, done: make(chan struct{}), up: make(chan struct{})}
	go p.read(out)
	s.t.Cleanup(func() { p.kill() })
	return p
}

func (p *process) read(out io.Reader) {
	defer close(p.done)
	told := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		p.mu.Unlock()
		if !told && strings.Contains(lines.Text(), "ragline is up") {
			told = true
			close(p.up)
		}
	}
	_ = p.cmd.Wait()
}

// ready waits until everything runs.
func (p *process) ready(t *testing.T) {
	t.Helper()
	select {
	case <-p.up:
	case <-p.done:
		require.Fail(t, "ragline up ended early", p.text())
	case <-time.After(time.Minute):
		require.Fail(t, "ragline up is not ready after a minute", p.text())
	}
}

// kill is kill -9 of the one process that the user started; its children notice.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// killAll is kill -9 of the process and its children at the same moment.
func (p *process) killAll() {
	for _, pid := range children(p.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	p.kill()
}

// stop is Ctrl-C.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		require.Fail(t, "ragline up did not end within 30 s of Ctrl-C", p.text())
	}
	require.Equal(t, 0, p.cmd.ProcessState.ExitCode(), p.text())
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// children returns the direct children of a process, whichever of its threads started them.
func children(pid int) []int {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var pids []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func packDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../deploy/domain/jdjones")
	require.NoError(t, err)
	return dir
}
