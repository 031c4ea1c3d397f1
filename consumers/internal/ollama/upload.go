package ollama

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Upload gives Ollama a file and returns its digest. What Ollama has already is not sent again.
func (c *Client) Upload(ctx context.Context, file string, progress func(Progress)) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("uploading: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("uploading: %w", err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, &counted{Reader: f, ctx: ctx, total: info.Size(), status: "hashing", progress: progress}); err != nil {
		return "", fmt.Errorf("hashing %s: %w", file, err)
	}
	digest := "sha256:" + hex.EncodeToString(h.Sum(nil))
	if have, err := c.has(ctx, digest); err != nil || have {
		return digest, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("uploading %s: %w", file, err)
	}
	body := &counted{Reader: f, ctx: ctx, total: info.Size(), status: "uploading", digest: digest, progress: progress}
	return digest, c.put(ctx, digest, body, info.Size())
}

func (c *Client) has(ctx context.Context, digest string) (bool, error) {
	err := c.call(ctx, http.MethodHead, "/api/blobs/"+digest, nil, nil)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c *Client) put(ctx context.Context, digest string, body io.Reader, size int64) error {
	path := "/api/blobs/" + digest
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+path, body)
	if err != nil {
		return fmt.Errorf("uploading: %w", err)
	}
	req.ContentLength = size
	resp, err := c.do(req, path)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// counted reports what was read, and ends with its context.
type counted struct {
	io.Reader
	ctx            context.Context
	done, total    int64
	status, digest string
	progress       func(Progress)
}

func (r *counted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.Reader.Read(p)
	r.done += int64(n)
	report(r.progress, Progress{Status: r.status, Digest: r.digest, Total: r.total, Completed: r.done})
	return n, err
}
