package clickhouse

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeNPM puts an npm on the PATH that hands over the tarball and counts its calls.
// It returns the release that describes the tarball, and the log of calls.
func fakeNPM(t *testing.T, library string) (r release, calls string) {
	t.Helper()
	dir := t.TempDir()
	tarball := tgz(t, map[string]string{"package/package.json": "{}", "package/libchdb.so": library, "package/chdb_node.node": "unwanted"})
	source, calls := filepath.Join(dir, "source.tgz"), filepath.Join(dir, "calls")
	require.NoError(t, os.WriteFile(source, tarball, 0o600))
	script := "#!/bin/sh\necho \"$@\" >> " + calls + "\ncp " + source + " engine.tgz\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o700))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return release{
		Package: "engine@1", Tarball: "engine.tgz", TarballSize: int64(len(tarball)), TarballSHA256: sum(tarball),
		Member: "package/libchdb.so", LibrarySize: int64(len(library)), LibrarySHA256: sum([]byte(library)),
	}, calls
}

func tgz(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	archive := tar.NewWriter(zipped)
	for name, content := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}))
		_, err := io.WriteString(archive, content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	return buf.Bytes()
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func TestFetchKeepsOnlyTheLibrary(t *testing.T) {
	r, calls := fakeNPM(t, "the engine")
	dir := filepath.Join(t.TempDir(), "cache")
	var progress bytes.Buffer
	path, err := fetchInto(t.Context(), dir, r, &progress)
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "the engine", string(data))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "the library and the lock")
	require.Contains(t, progress.String(), "npm pack engine@1")
	require.Contains(t, progress.String(), "unpacking 0 MB of 0 MB\n")
	log, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "pack --silent engine@1\n", string(log))
}

func TestTwoFetchesDownloadOnce(t *testing.T) {
	r, calls := fakeNPM(t, "the engine")
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := fetchInto(t.Context(), dir, r, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	log, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(log, []byte("\n")))
}

func TestWrongChecksumLeavesNothing(t *testing.T) {
	for name, spoil := range map[string]func(*release){
		"tarball": func(r *release) { r.TarballSHA256 = sum(nil) },
		"library": func(r *release) { r.LibrarySHA256 = sum(nil) },
		"longer":  func(r *release) { r.LibrarySize = 3 },
	} {
		r, _ := fakeNPM(t, "the engine")
		spoil(&r)
		dir := t.TempDir()
		_, err := fetchInto(t.Context(), dir, r, io.Discard)
		require.ErrorIs(t, err, ErrChecksum, name)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "only the lock stays: %s", name)
	}
}

func TestWithoutNPMTheErrorSaysWhatToDo(t *testing.T) {
	r, _ := fakeNPM(t, "x")
	t.Setenv("PATH", t.TempDir())
	_, err := fetchInto(t.Context(), t.TempDir(), r, io.Discard)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "install Node.js")
}

func TestFailingNPMIsQuoted(t *testing.T) {
	r, _ := fakeNPM(t, "x")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\necho no network >&2\nexit 1\n"), 0o700))
	t.Setenv("PATH", dir)
	_, err := fetchInto(t.Context(), t.TempDir(), r, io.Discard)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "no network")
}

func TestExplicitLibraryComesFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libchdb.so")
	t.Setenv(LibraryEnv, path)
	_, err := FindLibrary()
	require.ErrorContains(t, err, LibraryEnv)
	require.NotErrorIs(t, err, ErrUnavailable, "a wrong path is a mistake, not a missing engine")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	if CheckCPU() != nil {
		t.Skip("this CPU cannot run the engine")
	}
	got, err := FindLibrary()
	require.NoError(t, err)
	require.Equal(t, path, got)
}

func TestMissingLibrarySaysHowToGetIt(t *testing.T) {
	t.Setenv(LibraryEnv, "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	_, err := FindLibrary()
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "clickhouse binary")
}

func TestOldCPUIsNamedByWhatItLacks(t *testing.T) {
	t.Parallel()
	modern := "processor\t: 0\nflags\t\t: fpu avx avx2 bmi1 bmi2 f16c fma abm movbe\n"
	require.Empty(t, missingFlags(bytes.NewBufferString(modern)))
	require.Equal(t, []string{"avx2", "movbe"}, missingFlags(bytes.NewBufferString("flags : avx bmi1 bmi2 f16c fma abm\n")))
}
