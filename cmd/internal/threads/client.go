package threads

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What can be wrong, besides what the server says.
var (
	// ErrAway means that nothing answers at the address.
	ErrAway = errors.New("no answer")
	// ErrAnother means that something answers, but not the agent's server.
	ErrAnother = errors.New("what answers is not the agent's server")
	// ErrBroken means that a stream ended before its run did.
	ErrBroken = errors.New("the stream broke; the run goes on")
)

// Problem is what the server has against a request.
type Problem struct {
	Status int    `json:"-"`
	Code   string `json:"code"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error is the server's own sentence.
func (p *Problem) Error() string { return p.Detail }

// Is says whether an error is the server's, with the status.
func Is(err error, status int) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == status
}

// Client talks to one server.
type Client struct {
	base, key string
	http      *http.Client
}

// silence is how long a server may take to begin its answer. A stream begins at once; what speaks no HTTP may never answer.
const silence = time.Minute

// New returns a client of the server at host:port. Key may be empty.
func New(addr, key string) *Client {
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
			addr = net.JoinHostPort("127.0.0.1", port) // a server that listens everywhere listens here, too
		}
	}
	transport := &http.Transport{ResponseHeaderTimeout: silence, DisableCompression: true} // no proxy: the address is the agent's own
	return &Client{base: "http://" + addr, key: key, http: &http.Client{Transport: transport}}
}

// Address is the URL that the client calls.
func (c *Client) Address() string { return c.base }

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// send returns a response of 200, or what is wrong. The caller closes the body.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var reader io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding the request: %w", err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", c.base+path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		req.Header.Set("X-Api-Key", c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, away(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, problem(resp)
	}
	return resp, nil
}

func away(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("%w: %w", ErrAway, op)
	}
	return fmt.Errorf("calling the agent's server: %w", err)
}

// mostProblem bounds what is read of an error, which may come from anybody.
const mostProblem = 1 << 20

func problem(resp *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostProblem))
	if err != nil {
		return fmt.Errorf("reading the server's error: %w", err)
	}
	p := &Problem{Status: resp.StatusCode}
	if json.Unmarshal(data, p) != nil || p.Detail == "" {
		return fmt.Errorf("%w: %s %s answers %s", ErrAnother, resp.Request.Method, resp.Request.URL.Redacted(), resp.Status)
	}
	return p
}

// call reads a JSON answer.
func (c *Client) call(ctx context.Context, method, path string, body, into any) (http.Header, error) {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return nil, fmt.Errorf("%w: %s %s: %w", ErrAnother, method, c.base+path, err)
	}
	return resp.Header, nil
}

// Query selects threads. Empty fields select all.
type Query struct {
	Status   string                     `json:"status,omitempty"`
	Metadata map[string]json.RawMessage `json:"metadata,omitempty"`
	SortBy   string                     `json:"sort_by,omitempty"`
	Limit    int                        `json:"limit"`
	Offset   int                        `json:"offset"`
	// Select names the fields that are wanted; none are all.
	Select []string `json:"select,omitempty"`
}

// MostThreads is how many threads a page can have.
const MostThreads = 1000

// Threads returns a page of threads, newest first, and how many there are in all.
func (c *Client) Threads(ctx context.Context, q Query) (page []Thread, total int, err error) {
	header, err := c.call(ctx, http.MethodPost, "/threads/search", q, &page)
	if Is(err, http.StatusNotFound) { // a server of the API has this route
		return nil, 0, fmt.Errorf("%w: %w", ErrAnother, err)
	}
	if err != nil {
		return nil, 0, err
	}
	if total, err = strconv.Atoi(header.Get("X-Pagination-Total")); err != nil {
		total = q.Offset + len(page) // a server that does not count
	}
	return page, total, nil
}

// Thread returns one thread.
func (c *Client) Thread(ctx context.Context, id string) (t Thread, err error) {
	_, err = c.call(ctx, http.MethodGet, "/threads/"+url.PathEscape(id), nil, &t)
	return t, err
}

// State returns a thread at a checkpoint, "" for the newest.
func (c *Client) State(ctx context.Context, thread, checkpoint string) (s State, err error) {
	path := "/threads/" + url.PathEscape(thread) + "/state"
	if checkpoint != "" {
		path += "/" + url.PathEscape(checkpoint)
	}
	_, err = c.call(ctx, http.MethodGet, path, nil, &s)
	return s, err
}

// History returns up to limit states, from the one before a checkpoint, "" for the newest, to older ones.
func (c *Client) History(ctx context.Context, thread, before string, limit int) (page []State, err error) {
	body := map[string]any{"limit": limit}
	if before != "" {
		body["before"] = before
	}
	_, err = c.call(ctx, http.MethodPost, "/threads/"+url.PathEscape(thread)+"/history", body, &page)
	return page, err
}

// Update writes values into a checkpoint, "" for the newest, as if asNode had returned them, "" for the node that wrote last.
// It returns the new checkpoint. Nothing runs.
func (c *Client) Update(ctx context.Context, thread, checkpoint string, values map[string]json.RawMessage, asNode string) (string, error) {
	body := map[string]any{"values": values}
	if checkpoint != "" {
		body["checkpoint_id"] = checkpoint
	}
	if asNode != "" {
		body["as_node"] = asNode
	}
	var made struct {
		Checkpoint Address `json:"checkpoint"`
	}
	_, err := c.call(ctx, http.MethodPost, "/threads/"+url.PathEscape(thread)+"/state", body, &made)
	return made.Checkpoint.CheckpointID, err
}
