// Package bucket reads and writes the files of a dataset, in a folder or in object storage.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// Sentinels of this package.
var (
	ErrNotFound = errors.New("not in the bucket")
	ErrScheme   = errors.New("no storage for this kind of URL")
)

// Bucket is a folder of objects.
type Bucket struct {
	uri    string
	bucket *blob.Bucket
}

// Open opens a file:// URL or one of object storage, such as s3://bucket/folder?region=eu-central-1. It does not connect.
func Open(ctx context.Context, uri string) (*Bucket, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("opening bucket %s: %w", uri, err)
	}
	if u.Scheme == "file" {
		b, err := fileblob.OpenBucket(filepath.FromSlash(u.Path), &fileblob.Options{
			CreateDir: true, DirFileMode: 0o755, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		})
		return opened(uri, b, err)
	}
	if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
		return nil, fmt.Errorf("opening bucket %s: %w: this build has %s", uri, ErrScheme, strings.Join(blob.DefaultURLMux().BucketSchemes(), ", "))
	}
	prefix := strings.Trim(u.Path, "/")
	u.Path = ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err == nil && prefix != "" {
		b = blob.PrefixedBucket(b, prefix+"/")
	}
	return opened(uri, b, err)
}

func opened(uri string, b *blob.Bucket, err error) (*Bucket, error) {
	if err != nil {
		return nil, fmt.Errorf("opening bucket %s: %w", uri, err)
	}
	return &Bucket{uri, b}, nil
}

// URI is where the bucket was opened.
func (b *Bucket) URI() string { return b.uri }

// Read returns an object whole, or ErrNotFound.
func (b *Bucket) Read(ctx context.Context, name string) ([]byte, error) {
	raw, err := b.bucket.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading %s of %s: %w", name, b.uri, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", name, b.uri, err)
	}
	return raw, nil
}

// Write puts an object, whole or not at all.
func (b *Bucket) Write(ctx context.Context, name string, data []byte) error {
	if err := b.bucket.WriteAll(ctx, name, data, nil); err != nil {
		return fmt.Errorf("writing %s to %s: %w", name, b.uri, err)
	}
	return nil
}

// Close lets go of the bucket.
func (b *Bucket) Close() error {
	if err := b.bucket.Close(); err != nil {
		return fmt.Errorf("closing bucket %s: %w", b.uri, err)
	}
	return nil
}
