package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/bucket"
)

// upload copies a dataset to its place in a bucket. The manifest comes last: a place without one holds no dataset, and a
// copy that was cut off is begun again by the next start, with the same bytes.
func upload(ctx context.Context, info Info, uri string) (err error) {
	b, err := bucket.Create(ctx, uri)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if raw, err := b.Read(ctx, manifestName); err == nil && sha256Hex(raw) == info.ManifestSHA256 {
		return nil
	}
	files := append([]File(nil), info.Files...)
	for _, f := range append(files, File{Path: manifestName, SHA256: info.ManifestSHA256}) {
		raw, err := os.ReadFile(filepath.Join(info.Folder, f.Path))
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Path, err)
		}
		if got := sha256Hex(raw); got != f.SHA256 {
			return fmt.Errorf("reading %s: %w: SHA-256 %s, manifest %s", f.Path, ErrChanged, got, f.SHA256)
		}
		if err := b.Write(ctx, f.Path, raw); err != nil {
			return err
		}
	}
	return nil
}
