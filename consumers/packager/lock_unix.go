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

// lock keeps to one packaging at a time in all processes of this machine, such as a command beside the running system:
// Ollama loses files of a model that it is creating when another one that has the same is deleted. The system lets go
// of the lock when the process dies.
func (p *Packager) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(p.cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", p.cfg.Dir, err)
	}
	f, err := os.OpenFile(filepath.Join(p.cfg.Dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", p.cfg.Dir, err)
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
			return nil, errors.Join(fmt.Errorf("locking %s: %w", p.cfg.Dir, err), f.Close())
		}
	}
}
