package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// LockedError says that another process holds the lock.
type LockedError struct {
	Path string
	PID  int // 0 when the holder has not written it
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%s is locked by %s", e.Path, holder)
}

const lockRetry = 50 * time.Millisecond

// FileLock takes the advisory lock (flock) of the file at path, creating it if need be,
// and tries again for as long as wait says; 0 tries once.
// The lock ends with release or with the process, also after kill -9.
// The file stays: removing it would let two processes hold two locks of one name.
// When the time is up the error is a *[LockedError].
func FileLock(ctx context.Context, path string, wait time.Duration) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening lock file: %w", err)
	}
	if err := lockWithin(ctx, f, wait); err != nil {
		_ = f.Close()
		return nil, err
	}
	release = func() { unlock(f); _ = f.Close() }
	if err := writePID(f); err != nil {
		release()
		return nil, fmt.Errorf("writing lock file %s: %w", path, err)
	}
	return release, nil
}

func lockWithin(ctx context.Context, f *os.File, wait time.Duration) error {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for {
		err := tryLock(f)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errWouldBlock) {
			return fmt.Errorf("locking %s: %w", f.Name(), err)
		}
		select {
		case <-retry.C:
		case <-timeout.C:
			return &LockedError{Path: f.Name(), PID: readPID(f.Name())}
		case <-ctx.Done():
			return fmt.Errorf("waiting for lock %s: %w", f.Name(), ctx.Err())
		}
	}
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(path string) int {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}
