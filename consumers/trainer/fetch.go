package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/bucket"
	"github.com/ragline/ragline/consumers/internal/file"
)

// datasetName is the folder of a job that holds a copy of a dataset from a bucket.
const datasetName = "dataset"

// fetch copies the dataset into the job's folder where its address is not a folder of this machine. What is there already
// is not read again; verify has the last word on the copy.
func (j Job) fetch(ctx context.Context) error {
	if folderOf(j.DatasetURI) != "" {
		return nil
	}
	b, err := bucket.Open(ctx, j.DatasetURI)
	if err != nil {
		return fail(ReasonDataMissing, "%v: copy the dataset to a storage that is known, or leave RAGLINE_DATASET_BUCKET empty", err)
	}
	defer b.Close()
	raw, err := j.copy(ctx, b, "manifest.json", j.ManifestSHA256)
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fail(ReasonHashMismatch, "manifest.json of dataset %s is no JSON (%v): build the dataset again", j.DatasetID, err)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(f.Path) {
			return j.outside(f)
		}
		if have, err := file.SHA256(filepath.Join(j.DatasetDir, f.Path)); err == nil && have == f.SHA256 {
			continue
		}
		if _, err := j.copy(ctx, b, f.Path, f.SHA256); err != nil {
			return err
		}
	}
	return nil
}

func (j Job) copy(ctx context.Context, b *bucket.Bucket, name, want string) ([]byte, error) {
	raw, err := b.Read(ctx, name)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, bucket.ErrNotFound):
		return nil, fail(ReasonDataMissing, "%v: build the dataset again with `ragline dataset build --force`", err)
	case err != nil:
		return nil, fail(ReasonDataMissing, "%v: make the bucket readable, then run `ragline train start`", err)
	}
	if got := hexSum(raw); got != want {
		return nil, fail(ReasonHashMismatch, "%s in %s has the SHA-256 %s, announced was %s: it was changed; build the dataset again with `ragline dataset build --force`", name, j.DatasetURI, got, want)
	}
	path := filepath.Join(j.DatasetDir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("copying dataset: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		return nil, fmt.Errorf("copying dataset: %w", err)
	}
	return raw, nil
}
