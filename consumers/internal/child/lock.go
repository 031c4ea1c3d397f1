package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lockEvery is how often a lock that somebody holds is tried again.
const lockEvery = 100 * time.Millisecond

// Lock is a file that one process and its children hold.
type Lock struct{ file *os.File }

// TakeLock waits until the file is nobody's, or ctx ends. held, if set, is called once when somebody holds it.
func TakeLock(ctx context.Context, path string, held func(pid int)) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening lock: %w", err)
	}
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return &Lock{f}, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		if held != nil {
			held(holder(path))
			held = nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for lock %s: %w", path, ctx.Err()), f.Close())
		}
	}
}

// TakeOver is TakeLock for a lock that only a survivor can hold: it is asked to end, and killed after the grace. The
// caller knows that no other process starts programs under this lock.
func TakeOver(ctx context.Context, path string, grace time.Duration) (*Lock, error) {
	patient, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	lock, err := TakeLock(patient, path, func(pid int) { killGroup(pid, syscall.SIGTERM) })
	if err == nil || ctx.Err() != nil {
		return lock, err
	}
	killGroup(holder(path), syscall.SIGKILL)
	return TakeLock(ctx, path, nil)
}

// Close lets go of the file. A child that inherited it holds it until it ends.
func (l *Lock) Close() error { return l.file.Close() }

// note writes which process group works under the lock.
func (l *Lock) note(pid int) {
	if l == nil {
		return
	}
	// The number only serves to end a survivor. Without it the survivor is waited for.
	if err := l.file.Truncate(0); err == nil {
		_, _ = l.file.WriteAt([]byte(strconv.Itoa(pid)), 0)
	}
}

func holder(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// killGroup sends a signal to every process of a group. A number below 2 would name other groups than a child's.
func killGroup(pid int, s syscall.Signal) {
	if pid > 1 {
		_ = syscall.Kill(-pid, s) // a group that is gone needs none
	}
}
