package ollama

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const maxLine = 16 << 20 // a verbose show of a large model is one line

// call posts v as JSON and decodes the one answer into out, which may be nil.
func (c *Client) call(ctx context.Context, method, path string, v, out any) error {
	resp, err := c.send(ctx, method, path, v)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return broken(ctx, path, err)
	}
	return nil
}

// lines posts v as JSON and hands over every line of the answer. A line with an error ends it.
func (c *Client) lines(ctx context.Context, path string, v any, line func([]byte) error) error {
	resp, err := c.send(ctx, http.MethodPost, path, v)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	s := bufio.NewScanner(resp.Body)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		if err := lineError(path, s.Bytes()); err != nil {
			return err
		}
		if err := line(s.Bytes()); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return broken(ctx, path, err)
	}
	return nil
}

func lineError(path string, line []byte) error {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(line, &e) == nil && e.Error != "" {
		return refusal(path, http.StatusOK, e.Error)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, v any) (*http.Response, error) {
	var body io.Reader
	if v != nil {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req, path)
}

// do returns an answer of the two hundreds, or the error that the server gave.
func (c *Client) do(req *http.Request, path string) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx := req.Context().Err(); ctx != nil {
			return nil, ctx
		}
		return nil, fmt.Errorf("%w at %s: %w", ErrUnreachable, c.base, err)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer resp.Body.Close()
	var e struct {
		Error string `json:"error"`
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // what came is what there is to say
	if json.Unmarshal(raw, &e) != nil || e.Error == "" {
		e.Error = strings.TrimSpace(string(raw))
	}
	return nil, refusal(path, resp.StatusCode, e.Error)
}

// refusal makes an error of what the server says.
func refusal(path string, status int, text string) error {
	kind := ErrRefused
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(lower, "no space left"), strings.Contains(lower, "disk quota exceeded"):
		kind = ErrDiskFull
	case status == http.StatusNotFound:
		kind = ErrNotFound
	case strings.Contains(lower, "no such file or directory"):
		kind = ErrLost
	}
	return fmt.Errorf("%w: %s %d: %s", kind, path, status, text)
}

// broken is an answer that stopped in the middle: the server went away.
func broken(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return fmt.Errorf("%w any more, reading %s: %w", ErrUnreachable, path, err)
}
