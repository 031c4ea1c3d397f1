package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ragline/ragline/consumers/exporter/trace"
)

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = 16 << 20

// Client makes requests to one backend.
type Client struct {
	// Backend is its name for people.
	Backend string
	// KeySettings and AddressSettings are what a person has to look at after 401 and after 404.
	KeySettings, AddressSettings string

	http *http.Client
}

// New returns a client whose requests take at most timeout. A nil transport makes one for this client.
func New(transport http.RoundTripper, timeout time.Duration) *Client {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16 // partitions export side by side, and scores go one by one
		t.IdleConnTimeout = 30 * time.Second
		transport = t
	}
	return &Client{http: &http.Client{
		Transport: transport,
		Timeout:   timeout,
		// A redirect would carry the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close frees idle connections. It may be called twice.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is one request. Body may be nil.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// Answer is what came back, whatever the status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	line, at string
}

// OK says whether the request was taken.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Do makes the request. Its error is the end of ctx or a trace.RetryError: no answer came, or half of one. Even after
// a 200 that is cut off nothing is known of what was refused.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, &trace.BlockedError{Err: fmt.Errorf("building request: %w", err)}
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, c.sendError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return Answer{}, c.sendError(ctx, err)
	}
	at := req.URL
	return Answer{resp.StatusCode, resp.Header, body, resp.Status, fmt.Sprintf("%s://%s%s", at.Scheme, at.Host, at.Path)}, nil
}

// sendError is the caller's context error when that was the reason, or else a retry.
func (c *Client) sendError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("sending to %s: %w", c.Backend, context.Cause(ctx))
	}
	var dialed *url.Error // its text holds the whole URL, which may hold a key
	if errors.As(err, &dialed) {
		err = dialed.Err
	}
	var op *net.OpError
	unsent := errors.As(err, &op) && op.Op == "dial"
	return &trace.RetryError{NothingTaken: unsent, Err: fmt.Errorf("sending to %s: %w", c.Backend, err)}
}
