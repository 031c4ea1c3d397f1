package dataset

import (
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// withBucket returns a builder that copies to a folder, and the folder.
func (b bundle) withBucket(t *testing.T) (*Builder, string) {
	t.Helper()
	cfg := config(b.dir)
	shared := filepath.Join(t.TempDir(), "shared folder")
	cfg.Bucket = (&url.URL{Scheme: "file", Path: shared}).String()
	return b.newBuilder(t, cfg), shared
}

func TestBucketHoldsTheBytesOfTheFolderAndIsAnnounced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	builder, shared := b.withBucket(t)
	ready, err := builder.Build(t.Context(), false)
	require.NoError(t, err)
	place := filepath.Join(shared, "default", ready.GetDatasetId())
	require.Equal(t, readDir(t, filepath.Join(b.dir, "default", ready.GetDatasetId())), readDir(t, place))
	u, err := url.Parse(ready.GetUri())
	require.NoError(t, err)
	require.Equal(t, place, u.Path)

	m, rows, err := ReadLineage(t.Context(), ready.GetUri(), ready.GetManifestSha256())
	require.NoError(t, err)
	require.Equal(t, ready.GetDatasetId(), m.DatasetID)
	require.Len(t, rows, int(ready.GetRows()))
}

func TestCopyThatWasCutOffIsCompletedBeforeItIsAnnounced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	builder, shared := b.withBucket(t)
	h, err := readHistory(t.Context(), b.Broker)
	require.NoError(t, err)
	info, err := builder.write(h)
	require.NoError(t, err)
	place := filepath.Join(shared, "default", info.DatasetID)
	require.NoError(t, os.MkdirAll(place, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(place, "train.messages.jsonl"), []byte("half"), 0o600))

	ready, err := builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, info.DatasetID, ready.GetDatasetId())
	require.Equal(t, readDir(t, info.Folder), readDir(t, place))
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Datasets), 1)
}

func TestBucketThatIsAwayAnnouncesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	builder, shared := b.withBucket(t)
	require.NoError(t, os.WriteFile(shared, nil, 0o600), "a file where a folder should be")
	_, err := builder.Build(t.Context(), false)
	require.Error(t, err)
	require.Empty(t, streamtest.ReadRecords(t, b.Broker, topic.Datasets))
	require.NoError(t, os.Remove(shared))
	ready, err := builder.Build(t.Context(), false)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ready.GetUri(), "file://"))
}

// The builder is one part of a system whose other parts answer questions.
func TestBucketThatIsAwayAtTheStartIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	builder, shared := b.withBucket(t)
	require.NoError(t, os.WriteFile(shared, nil, 0o600), "a file where a folder should be")
	_, err := builder.Build(t.Context(), false)
	require.Error(t, err)
	log := make(said, 10)
	builder.logger = slog.New(slog.NewTextHandler(log, nil))
	stop := streamtest.Start(t, builder.Run)
	require.Contains(t, <-log, "trying on")
	require.NoError(t, os.Remove(shared))
	streamtest.Await(t, b.Broker, topic.Datasets, 1, func(event.Event) bool { return true })
	require.NoError(t, stop())
}

// said hands on what is logged.
type said chan string

func (s said) Write(p []byte) (int, error) {
	s <- string(p)
	return len(p), nil
}
