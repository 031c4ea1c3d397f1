package clickhouse

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrChecksum says that a downloaded file is not the one in the table.
var ErrChecksum = errors.New("checksum differs")

// install checks the tarball, unpacks only the library and moves it to its place when it is whole.
func install(ctx context.Context, tarball, library string, r release, progress io.Writer) error {
	f, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("opening the download: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, withContext(ctx, f)); err != nil {
		return fmt.Errorf("reading the download: %w", err)
	}
	if err := checkSum(r.Tarball, sum.Sum(nil), r.TarballSHA256); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading the download again: %w", err)
	}
	member, err := openMember(withContext(ctx, f), r)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", r.Tarball, err)
	}
	return writeLibrary(member, library, r, progress)
}

func openMember(tarball io.Reader, r release) (io.Reader, error) {
	unzipped, err := gzip.NewReader(tarball)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("no %s in it", r.Member)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == r.Member && header.Typeflag == tar.TypeReg {
			return io.LimitReader(archive, r.LibrarySize), nil
		}
	}
}

// writeLibrary renames only a file whose checksum is right, so that what has the name is whole.
func writeLibrary(member io.Reader, library string, r release, progress io.Writer) error {
	temp, err := os.CreateTemp(filepath.Dir(library), "unpack-")
	if err != nil {
		return fmt.Errorf("creating the library: %w", err)
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	sum := sha256.New()
	count := &counter{out: progress, what: "unpacking", total: r.LibrarySize}
	if _, err := io.Copy(io.MultiWriter(temp, sum, count), member); err != nil {
		return fmt.Errorf("unpacking the library: %w", err)
	}
	count.print("\n")
	if err := checkSum(libraryName, sum.Sum(nil), r.LibrarySHA256); err != nil {
		return err
	}
	if err := errors.Join(temp.Sync(), temp.Chmod(0o755), temp.Close()); err != nil {
		return fmt.Errorf("writing the library: %w", err)
	}
	if err := os.Rename(temp.Name(), library); err != nil {
		return fmt.Errorf("moving the library to its place: %w", err)
	}
	return nil
}

func checkSum(name string, got []byte, want string) error {
	if hex.EncodeToString(got) != want {
		return fmt.Errorf("checking %s: %w: want sha256 %s, got %x", name, ErrChecksum, want, got)
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func withContext(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
