//go:build unix

package child

import (
	"os"

	"golang.org/x/sys/unix"
)

const errWouldBlock = unix.EWOULDBLOCK

func tryLock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// unlock lets go of the lock itself. Closing the file is not enough: a process that another goroutine has forked,
// and that has not called exec yet, has the same open file and would hold the lock a moment longer.
func unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }
