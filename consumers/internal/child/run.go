package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// MaxLine bounds a line of a program. What is longer is cut and handed over in pieces that are no JSON.
const MaxLine = 1 << 20

// Command is a program and how it is run.
type Command struct {
	Path string
	Args []string
	Dir  string
	// Env is the whole environment.
	Env []string
	// Log takes what the program writes to its standard output and error.
	Log io.Writer
	// Line takes each line that the program writes to descriptor 3, from one goroutine, before Run returns.
	Line func([]byte)
	// Stdout reads the lines from standard output, for a program that does not hand descriptor 3 on to its children.
	Stdout bool
	// Lock, if set, is inherited as descriptor 4: it stays locked for as long as the program or a child of it lives.
	Lock *Lock
	// Grace is how long the program may take to end after SIGTERM. Then its process group is killed.
	Grace time.Duration
}

// Exit says how a program ended.
type Exit struct {
	Code int
	// Signal is what killed it, 0 if nothing did.
	Signal syscall.Signal
}

// Run runs the program and returns when it has ended, its lines are read and no process of its group is left. At the
// end of ctx it asks the program to end. The error says that it could not be started, or that its lines broke off.
func Run(ctx context.Context, c Command) (Exit, error) {
	type result struct {
		exit Exit
		err  error
	}
	ended := make(chan result, 1)
	go func() {
		// The kernel sends the death signal when the thread ends that started the program, not the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		exit, err := run(ctx, c)
		ended <- result{exit, err}
	}()
	r := <-ended
	return r.exit, r.err
}

func run(ctx context.Context, c Command) (Exit, error) {
	lines, toLines, err := os.Pipe()
	if err != nil {
		return Exit{}, fmt.Errorf("opening pipe: %w", err)
	}
	defer lines.Close()
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // the end of ctx is SIGTERM, see below
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, c.Log, c.Log
	cmd.SysProcAttr = procAttr()
	cmd.ExtraFiles = []*os.File{toLines}
	if c.Stdout {
		cmd.Stdout = toLines
	}
	if c.Lock != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, c.Lock.file)
	}
	// A grandchild that keeps standard output open must not hold Wait up for ever.
	cmd.WaitDelay = c.Grace
	err = cmd.Start()
	_ = toLines.Close() // the program has its own
	if err != nil {
		return Exit{}, fmt.Errorf("starting %s: %w", c.Path, err)
	}
	c.Lock.note(cmd.Process.Pid)
	var reading sync.WaitGroup
	var readErr error
	reading.Go(func() { readErr = read(lines, c.Line) })
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { end(ctx, cmd.Process.Pid, c.Grace, stop) })
	waitErr := cmd.Wait()
	close(stop)
	watching.Wait()
	killGroup(cmd.Process.Pid, syscall.SIGKILL) // whoever the program has left behind holds the pipe open
	reading.Wait()
	var status *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &status) && !errors.Is(waitErr, exec.ErrWaitDelay) {
		return Exit{}, fmt.Errorf("waiting for %s: %w", c.Path, waitErr)
	}
	return exitOf(cmd.ProcessState), readErr
}

// end sends SIGTERM to the group at the end of ctx, and SIGKILL after the grace.
func end(ctx context.Context, pid int, grace time.Duration, stop <-chan struct{}) {
	select {
	case <-stop:
		return
	case <-ctx.Done():
	}
	killGroup(pid, syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-stop:
	case <-timer.C:
		killGroup(pid, syscall.SIGKILL)
	}
}

func read(r io.Reader, line func([]byte)) error {
	b := bufio.NewReaderSize(r, MaxLine)
	for {
		text, err := b.ReadSlice('\n')
		if len(text) > 0 && line != nil {
			line(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading lines: %w", err)
		}
	}
}

func exitOf(s *os.ProcessState) Exit {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return Exit{Code: -1, Signal: w.Signal()}
	}
	return Exit{Code: s.ExitCode()}
}
