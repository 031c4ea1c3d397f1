package trainer

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// elsewhere is a storage that is no folder of this machine to the trainer: elsewhere://any?dir=FOLDER.
type elsewhere struct{}

func (elsewhere) OpenBucketURL(_ context.Context, u *url.URL) (*blob.Bucket, error) {
	return fileblob.OpenBucket(u.Query().Get("dir"), nil)
}

func TestDatasetInABucketIsTrainedOn(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	d := dataset(t, "one", 5)
	folder := folderOf(d.GetUri())
	d.Uri = "elsewhere://any?dir=" + url.QueryEscape(folder)
	j := b.job(t, d)

	// What a crash may leave of a copy.
	require.NoError(t, os.MkdirAll(j.DatasetDir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(j.DatasetDir, "train.messages.jsonl"), []byte("{"), 0o600))
	b.announce(t, d)
	stop := b.start(t)
	b.awaitModel(t, j)
	require.NoError(t, stop())
	for _, name := range []string{"manifest.json", "train.messages.jsonl", "heldout.messages.jsonl"} {
		want, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(j.path(datasetName), name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}

	require.NoError(t, os.WriteFile(filepath.Join(folder, "heldout.messages.jsonl"), []byte("changed"), 0o600))
	require.NoError(t, os.RemoveAll(j.path(datasetName)))
	var failed *Failure
	require.ErrorAs(t, j.fetch(t.Context()), &failed)
	require.Equal(t, ReasonHashMismatch, failed.Reason)
	require.NoError(t, os.Remove(filepath.Join(folder, "heldout.messages.jsonl")))
	require.ErrorAs(t, j.fetch(t.Context()), &failed)
	require.Equal(t, ReasonDataMissing, failed.Reason)
}
