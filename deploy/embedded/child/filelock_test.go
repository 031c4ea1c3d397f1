package child_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/deploy/embedded/child"
)

func TestLockedDirectoryNamesItsHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	holder, lines := startPeer(t, "locks", path)
	require.True(t, lines.Scan())

	_, err := child.FileLock(t.Context(), path, 0)
	var locked *child.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, holder.Process.Pid, locked.PID)
	require.ErrorContains(t, err, path)
}

func TestLockIsWonWhenItsHolderDies(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	holder, lines := startPeer(t, "locks", path)
	require.True(t, lines.Scan())

	require.NoError(t, holder.Process.Kill())
	release, err := child.FileLock(t.Context(), path, 10*time.Second)
	require.NoError(t, err)
	release()
	again, err := child.FileLock(t.Context(), path, 0)
	require.NoError(t, err)
	again()
}

func TestReleasedLockIsFreeWhileProcessesAreForked(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var forks errgroup.Group
	for range 4 {
		forks.Go(func() error {
			for ctx.Err() == nil {
				// It does not exist: what counts is the moment between fork and exec.
				_ = exec.Command("/nonexistent/program").Run()
			}
			return nil
		})
	}
	path := filepath.Join(t.TempDir(), "lock")
	for range 2000 {
		release, err := child.FileLock(t.Context(), path, 0)
		require.NoError(t, err)
		release()
	}
	stop()
	require.NoError(t, forks.Wait())
}

// zombie covers test machines whose pid 1 does not reap orphans.
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}
