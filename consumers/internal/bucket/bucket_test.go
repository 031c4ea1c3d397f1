package bucket_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/internal/bucket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFolderHoldsWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder", "id")
	uri := (&url.URL{Scheme: "file", Path: dir}).String()
	b, err := bucket.Create(t.Context(), uri)
	require.NoError(t, err)
	require.NoError(t, b.Write(t.Context(), "manifest.json", []byte("{}\n")))
	raw, err := b.Read(t.Context(), "manifest.json")
	require.NoError(t, err)
	require.Equal(t, "{}\n", string(raw))
	_, err = b.Read(t.Context(), "other.json")
	require.ErrorIs(t, err, bucket.ErrNotFound)
	require.NoError(t, b.Close())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing but what was written")
}

func TestReadingMakesNoFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	b, err := bucket.Open(t.Context(), (&url.URL{Scheme: "file", Path: dir}).String())
	require.NoError(t, err)
	_, err = b.Read(t.Context(), "manifest.json")
	require.ErrorIs(t, err, bucket.ErrNotFound)
	require.NoError(t, b.Close())
	require.NoDirExists(t, dir)
}

func TestUnknownStorageSaysWhichThereIs(t *testing.T) {
	t.Parallel()
	_, err := bucket.Open(t.Context(), "ftp://host/folder")
	require.ErrorIs(t, err, bucket.ErrScheme)
	require.ErrorContains(t, err, "file")
}
