// Package bucket reads and writes the files of a dataset, in a folder or in object storage.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	uri string
	// bucket is nil where the folder is not there.
	bucket *blob.Bucket
}

// Open opens a file:// URL or one of object storage, such as s3://bucket/folder?region=eu-central-1. It does not connect.
// A folder that is not there is not made: it holds nothing.
func Open(ctx context.Context, uri string) (*Bucket, error) { return open(ctx, uri, false) }

// Create is Open for a bucket that is written to: it makes a folder that is not there.
func Create(ctx context.Context, uri string) (*Bucket, error) { return open(ctx, uri, true) }

func open(ctx context.Context, uri string, create bool) (*Bucket, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("opening bucket %s: %w", uri, err)
	}
	if u.Scheme == "file" {
		dir := filepath.FromSlash(u.Path)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && !create {
			return &Bucket{uri: uri}, nil
		}
		b, err := fileblob.OpenBucket(dir, &fileblob.Options{
			CreateDir: create, DirFileMode: 0o755, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
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
	if b.bucket == nil {
		return nil, fmt.Errorf("reading %s of %s: %w", name, b.uri, ErrNotFound)
	}
	raw, err := b.bucket.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading %s of %s: %w", name, b.uri, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", name, b.uri, err)
	}
	return raw, nil
}

// Write puts an object, whole or not at all, into a bucket that Create opened.
func (b *Bucket) Write(ctx context.Context, name string, data []byte) error {
	if err := b.bucket.WriteAll(ctx, name, data, nil); err != nil {
		return fmt.Errorf("writing %s to %s: %w", name, b.uri, err)
	}
	return nil
}

// Close lets go of the bucket.
func (b *Bucket) Close() error {
	if b.bucket == nil {
		return nil
	}
	if err := b.bucket.Close(); err != nil {
		return fmt.Errorf("closing bucket %s: %w", b.uri, err)
	}
	return nil
}
