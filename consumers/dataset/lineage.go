package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/internal/bucket"
)

// ErrChanged says that a file is not the one that was announced.
var ErrChanged = errors.New("the file is not the one that was announced")

// ReadLineage returns the manifest of a dataset, and where each of its rows comes from. Both are checked against the hash
// of the manifest, as it stands in the announcement and in model.trained.
func ReadLineage(ctx context.Context, uri, manifestSHA256 string) (m Manifest, rows []Lineage, err error) {
	b, err := bucket.Open(ctx, uri)
	if err != nil {
		return m, nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	raw, err := readChecked(ctx, b, manifestName, manifestSHA256)
	if err != nil {
		return m, nil, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, nil, fmt.Errorf("decoding %s of %s: %w", manifestName, uri, err)
	}
	for _, f := range m.Files {
		if f.Format != formatLineage {
			continue
		}
		raw, err := readChecked(ctx, b, f.Path, f.SHA256)
		if err != nil {
			return m, nil, err
		}
		for d := json.NewDecoder(bytes.NewReader(raw)); d.More(); {
			var l Lineage
			if err := d.Decode(&l); err != nil {
				return m, nil, fmt.Errorf("decoding %s of %s: %w", f.Path, uri, err)
			}
			rows = append(rows, l)
		}
	}
	return m, rows, nil
}

func readChecked(ctx context.Context, b *bucket.Bucket, name, want string) ([]byte, error) {
	raw, err := b.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	if got := sha256Hex(raw); got != want {
		return nil, fmt.Errorf("reading %s of %s: %w: SHA-256 %s, announced %s", name, b.URI(), ErrChanged, got, want)
	}
	return raw, nil
}
