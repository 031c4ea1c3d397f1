package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragline/ragline/consumers/exporter/trace"
)

// MaxRetryAfter keeps a server's mistake from stopping the export for a day.
const MaxRetryAfter = 10 * time.Minute

// ErrNotFound is in the error of a 404.
var ErrNotFound = errors.New("nothing is there")

// Refusal classifies an answer, whose reason the caller has read. It is nil when the request was taken.
func (c *Client) Refusal(a Answer, reason string) error {
	if a.OK() {
		return nil
	}
	err := fmt.Errorf("%s answered %s at %s: %s", c.Backend, a.line, a.at, Line(reason))
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &trace.BlockedError{Err: fmt.Errorf("%w (check %s)", err, c.KeySettings)}
	case http.StatusNotFound:
		return &trace.BlockedError{Err: fmt.Errorf("%w: %w (check %s)", ErrNotFound, err, c.AddressSettings)}
	case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return &trace.BlockedError{Err: fmt.Errorf("%w (check %s)", err, c.AddressSettings)}
	case http.StatusConflict:
		return errors.Join(trace.ErrDuplicate, err)
	case http.StatusRequestEntityTooLarge:
		return errors.Join(trace.ErrTooLarge, err)
	case http.StatusTooManyRequests:
		return &trace.RetryError{After: retryAfter(a.Header), NothingTaken: true, Err: err}
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return &trace.RetryError{After: retryAfter(a.Header), Err: err}
	}
	switch {
	case a.Status < 400:
		return &trace.BlockedError{Err: fmt.Errorf("%w (redirects are not followed, check %s)", err, c.AddressSettings)}
	case a.Status < 500:
		return &trace.RejectedError{Err: err}
	default: // it may have been stored all the same
		return &trace.RetryError{After: retryAfter(a.Header), Err: err}
	}
}

// retryAfter reads seconds or a date.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, MaxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), MaxRetryAfter)
	}
	return 0
}

// Line makes one short line of an answer: it ends in logs and dead letters.
func Line(text string) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	const limit = 300
	if len(s) <= limit {
		return s
	}
	cut := limit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
