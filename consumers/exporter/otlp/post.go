package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/ragline/ragline/consumers/exporter/trace"
)

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = 64 << 10

// maxRetryAfter keeps a server's mistake from stopping the export for a day.
const maxRetryAfter = 10 * time.Minute

// post sends one request and classifies what came back.
func (b *Backend) post(ctx context.Context, to string, body []byte) (answer, error) {
	req, err := b.request(ctx, to, body)
	if err != nil {
		return answer{}, err
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return answer{}, sendError(ctx, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		// Even after a 200: what was refused is unknown, and sending twice is better than losing.
		return answer{}, sendError(ctx, err)
	}
	return classify(resp, data)
}

func (b *Backend) request(ctx context.Context, to string, body []byte) (*http.Request, error) {
	header := b.header.Clone()
	if b.cfg.Compression == "gzip" {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body) // a buffer takes everything
		_ = w.Close()
		body = packed.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, &trace.BlockedError{Err: fmt.Errorf("building request: %w", err)}
	}
	req.Header = header
	return req, nil
}

// sendError is the caller's context error when that was the reason, or else a retry.
func sendError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("sending to the collector: %w", context.Cause(ctx))
	}
	var dialed *url.Error // its text holds the whole URL, which may hold a key
	if errors.As(err, &dialed) {
		err = dialed.Err
	}
	return &trace.RetryError{Err: fmt.Errorf("sending to the collector: %w", err)}
}

func classify(resp *http.Response, data []byte) (answer, error) {
	status := resp.StatusCode
	if status >= 200 && status < 300 {
		return readSuccess(resp, data), nil
	}
	at := resp.Request.URL
	err := fmt.Errorf("collector answered %s at %s://%s%s: %s", resp.Status, at.Scheme, at.Host, at.Path, readFailure(resp, data))
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return answer{}, &trace.BlockedError{Err: fmt.Errorf("%w (check OTEL_EXPORTER_OTLP_HEADERS)", err)}
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return answer{}, &trace.BlockedError{Err: fmt.Errorf("%w (check OTEL_EXPORTER_OTLP_ENDPOINT; "+
			"a collector that takes no logs needs RAGLINE_OTLP_SCORES=spans or off)", err)}
	case http.StatusRequestEntityTooLarge:
		return answer{}, errors.Join(trace.ErrTooLarge, err)
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return answer{}, &trace.RetryError{After: retryAfter(resp.Header.Get("Retry-After")), Err: err}
	}
	if status < 400 {
		return answer{}, &trace.BlockedError{Err: fmt.Errorf("%w (redirects are not followed, name the address itself in OTEL_EXPORTER_OTLP_ENDPOINT)", err)}
	}
	if status < 500 {
		return answer{}, &trace.RejectedError{Err: err}
	}
	return answer{}, &trace.RetryError{After: retryAfter(resp.Header.Get("Retry-After")), Err: err}
}

// retryAfter reads seconds or a date.
func retryAfter(value string) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
