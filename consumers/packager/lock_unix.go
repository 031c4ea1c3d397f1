//go:build unix

package packager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ragline/ragline/producers/broker"
)

// lockPause is how often a lock that another process holds is asked for.
const lockPause = 200 * time.Millisecond

// lock keeps two processes of this machine, such as a command beside the running system, from one folder. The file
// lies beside the folder, which may be emptied. The system lets go of it when the process dies.
func (p *Packager) lock(ctx context.Context, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", filepath.Dir(dir), err)
	}
	f, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing lets go
		}
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = broker.Pause(ctx, lockPause)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), f.Close())
		}
	}
}
