package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	t                                 *testing.T
	dir                               string
	kafka, clickhouse, gateway, agent string
	extra                             []string
}

// newSystem picks free ports and an empty data directory.
func newSystem(t *testing.T, extra ...string) *system {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the whole system: run without -short")
	}
	return &system{t: t, dir: t.TempDir(), kafka: freeAddr(t), clickhouse: freeAddr(t), gateway: freeAddr(t), agent: freeAddr(t), extra: extra}
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
		"RAGLINE_AGENT_API_ADDR="+s.agent,
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

// in is the same system for a subtest, so that it fails on its own.
func (s *system) in(t *testing.T) *system {
	c := *s
	c.t = t
	return &c
}

// with is the same system for commands that have more settings.
func (s *system) with(settings ...string) *system {
	c := *s
	c.extra = append(slices.Clip(s.extra), settings...)
	return &c
}

// result is what a command printed, and its exit code.
type result struct {
	stdout, stderr string
	code           int
}

func (r result) text() string { return r.stdout + r.stderr }

// run runs a command to its end, with stdin from text.
func (s *system) run(stdin string, args ...string) result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := s.command(ctx, args...)
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(s.t, err)
	}
	require.NoError(s.t, ctx.Err(), "ragline %s does not end\n%s%s", strings.Join(args, " "), &out, &errs)
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// ragline runs a command to its end and returns what it printed.
func (s *system) ragline(args ...string) (text string, code int) {
	s.t.Helper()
	r := s.run("", args...)
	if r.stderr != "" {
		s.t.Logf("ragline %s: %s", strings.Join(args, " "), r.stderr)
	}
	return r.text(), r.code
}

// do runs a command that must succeed and returns its standard output.
func (s *system) do(args ...string) string {
	s.t.Helper()
	r := s.run("", args...)
	require.Equal(s.t, 0, r.code, "ragline %s\n%s", strings.Join(args, " "), r.text())
	return r.stdout
}

// decode runs a command that must succeed and reads the JSON that it prints.
func decode[T any](s *system, args ...string) T {
	s.t.Helper()
	var v T
	text := s.do(args...)
	require.NoError(s.t, json.Unmarshal([]byte(text), &v), text)
	return v
}

// process is a running program.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{}
	mu    sync.Mutex
	log   []string
	up    chan struct{}
}

// start runs `ragline up` and returns at once; ready waits.
func (s *system) start(args ...string) *process {
	s.t.Helper()
	return s.launch("ragline is up", append([]string{"up"}, args...)...)
}

// launch runs a command that stays and returns at once; ready waits until it prints the words.
func (s *system) launch(words string, args ...string) *process {
	s.t.Helper()
	cmd := s.command(context.Background(), args...)
	out, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	cmd.Stderr = cmd.Stdout
	in, err := cmd.StdinPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	p := &process{cmd: cmd, stdin: in, done: make(chan struct{}), up: make(chan struct{})}
	go p.read(out, words)
	s.t.Cleanup(p.killAll)
	return p
}

func (p *process) read(out io.Reader, words string) {
	defer close(p.done)
	told := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		p.mu.Unlock()
		if !told && strings.Contains(lines.Text(), words) {
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
		require.Fail(t, p.cmd.Args[1]+" ended early", p.text())
	case <-time.After(time.Minute):
		require.Fail(t, p.cmd.Args[1]+" is not ready after a minute", p.text())
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
