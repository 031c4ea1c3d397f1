package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ragline/ragline/consumers/internal/llm"
)

var errTimeout = errors.New("model call timed out")

// maxErrorBody bounds how much of an error page is read.
const maxErrorBody = 4 << 10

// doer sends requests and turns every response but 200 into an *llm.Error.
type doer struct{ transport http.RoundTripper }

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	// Not http.DefaultClient: redirects would carry the key elsewhere.
	client := http.Client{Transport: d.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, hold(req.Context(), &llm.Error{Message: err.Error(), Err: err})
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	return nil, hold(req.Context(), &llm.Error{
		Status: res.StatusCode, RetryAfter: retryAfter(res.Header, time.Now()), Message: message(body, res.Status),
	})
}

func message(body []byte, status string) string {
	var parsed struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &parsed) == nil && parsed.Error.Message != "" {
		return parsed.Error.Message
	}
	return status
}

// retryAfter reads seconds, a date, or OpenAI's milliseconds.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

type heldKey struct{}

// heldError keeps the error of a transport, which langchaingo replaces by a text.
type heldError struct{ err error }

func holdError(ctx context.Context) (*heldError, context.Context) {
	h := &heldError{}
	return h, context.WithValue(ctx, heldKey{}, h)
}

func hold(ctx context.Context, err error) error {
	if h, ok := ctx.Value(heldKey{}).(*heldError); ok && ctx.Err() == nil {
		h.err = err
	}
	return err
}
