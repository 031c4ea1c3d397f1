package clickhouse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// LibraryEnv names a libchdb to use instead of the fetched one.
const LibraryEnv = "RAGLINE_CHDB_LIB"

// CacheDir is the per-user folder that Fetch unpacks into.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user cache directory: %w", err)
	}
	return filepath.Join(dir, "ragline", "chdb", Version), nil
}

// FindLibrary returns the path of a usable libchdb: $RAGLINE_CHDB_LIB, else the fetched one.
// It downloads nothing. Where there is none the error is an [UnavailableError].
func FindLibrary() (string, error) {
	if path := os.Getenv(LibraryEnv); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("finding the library of %s: %w", LibraryEnv, err)
		}
		return path, CheckCPU()
	}
	if err := CheckCPU(); err != nil {
		return "", err
	}
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, libraryName)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("finding the fetched library: %w", err)
	}
	return "", notFetched()
}

func notFetched() error {
	if _, err := currentRelease(); err != nil {
		return err
	}
	return &UnavailableError{
		Reason: "libchdb " + Version + " has not been fetched",
		Remedy: "run `ragline engine fetch` (178 MB to download, 566 MB on disk), set " + LibraryEnv + ", " + useServer,
	}
}

// FindServer returns the path of a clickhouse binary on the PATH, and whether there is one.
func FindServer() (string, bool) {
	path, err := exec.LookPath("clickhouse")
	return path, err == nil
}

func currentRelease() (release, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	r, ok := releases()[platform]
	if !ok {
		return release{}, &UnavailableError{
			Reason: "no tested libchdb for " + platform,
			Remedy: "set " + LibraryEnv + " to a libchdb of version " + Version + " or later, " + useServer,
		}
	}
	return r, nil
}
