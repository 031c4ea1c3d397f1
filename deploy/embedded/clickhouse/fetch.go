package clickhouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// fetchWait is how long a second fetch waits for the first.
const fetchWait = 30 * time.Minute

// Fetch installs the engine in the per-user cache and returns its path.
// It does nothing when the library is there already.
// progress receives the command that is run, its size, and a line that counts the bytes.
// Two fetches at once are safe: the second waits and finds the library.
func Fetch(ctx context.Context, progress io.Writer) (string, error) {
	r, err := currentRelease()
	if err != nil {
		return "", err
	}
	if err := CheckCPU(); err != nil {
		return "", err
	}
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	return fetchInto(ctx, dir, r, progress)
}

func fetchInto(ctx context.Context, dir string, r release, progress io.Writer) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("creating the engine cache: %w", err)
	}
	unlock, err := child.FileLock(ctx, filepath.Join(dir, "fetch.lock"), fetchWait)
	if err != nil {
		return "", fmt.Errorf("waiting for another fetch: %w", err)
	}
	defer unlock()
	library := filepath.Join(dir, libraryName)
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	work, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return "", fmt.Errorf("creating a folder for the download: %w", err)
	}
	defer os.RemoveAll(work)
	tarball := filepath.Join(work, r.Tarball)
	if err := npmPack(ctx, work, r, progress); err != nil {
		return "", err
	}
	if err := install(ctx, tarball, library, r, progress); err != nil {
		return "", err
	}
	return library, nil
}

// npmPack downloads the tarball into dir with the user's own npm, so that their registry and proxy settings hold.
func npmPack(ctx context.Context, dir string, r release, progress io.Writer) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return &UnavailableError{
			Reason: "npm, which downloads libchdb, is not on the PATH",
			Remedy: "install Node.js, or set " + LibraryEnv + " to a libchdb of version " + Version + ", " + useServer,
		}
	}
	fmt.Fprintf(progress, "npm pack %s: %s to download, %s on disk\n",
		r.Package, megabytes(r.TarballSize), megabytes(r.LibrarySize))
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", r.Package)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
	stop := watchSize(dir, r.TarballSize, progress)
	err = cmd.Run()
	stop()
	if ctx.Err() != nil {
		return fmt.Errorf("running npm pack %s: %w", r.Package, ctx.Err())
	}
	if err != nil {
		return &UnavailableError{
			Reason: fmt.Sprintf("npm pack %s: %v: %s", r.Package, err, bytes.TrimSpace(output.Bytes())),
			Remedy: "see that npm reaches its registry, set " + LibraryEnv + " to a libchdb of version " + Version + ", " + useServer,
		}
	}
	return nil
}

// Prepare makes sure that Start will find an engine: it fetches libchdb
// unless there is one already or a clickhouse binary on the PATH can serve.
func Prepare(ctx context.Context, progress io.Writer) error {
	_, err := FindLibrary()
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrUnavailable) {
		return err // a wrong path in the environment is not mended by a download
	}
	if _, ok := FindServer(); ok {
		return nil
	}
	if _, err := FindHelper(); err != nil {
		return err // without it the download would be for nothing
	}
	_, err = Fetch(ctx, progress)
	return err
}
