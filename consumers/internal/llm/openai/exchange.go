package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	// maxErrorBody bounds how much of an error page is read.
	maxErrorBody = 4 << 10
	// maxLine bounds one event of a stream, maxCompletion what a model may write at once. More is endless.
	maxLine       = 16 << 20
	maxCompletion = 256 << 10
)

var (
	errTimeout = errors.New("model call timed out")
	// errTaken tells langchaingo, which would read the response, that it was read.
	errTaken = errors.New("the response was read by the transport")
)

// exchange is one request with what its response has come to. The transport finds it in the context.
type exchange struct {
	onText func(string)
	now    func() time.Time

	err     error // what the server or the way to it said
	done    bool  // a response was read, well or not
	reply   reply
	started time.Time // when the first piece arrived
}

type exchangeKey struct{}

func (x *exchange) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// doer sends requests and reads the responses into the exchange of their context.
type doer struct{ transport http.RoundTripper }

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("request without an exchange")
	}
	x.done = true
	if x.err = d.read(req, x); x.err != nil {
		return nil, x.err
	}
	return nil, errTaken
}

func (d *doer) read(req *http.Request, x *exchange) error {
	// Not http.DefaultClient: redirects would carry the key elsewhere.
	client := http.Client{Transport: d.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return &llm.Error{Message: err.Error(), Err: err}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
		return &llm.Error{Status: res.StatusCode, RetryAfter: retryAfter(res.Header, time.Now()), Message: message(body, res.Status)}
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "application/json" {
		return x.whole(res.Body) // a server that does not stream
	}
	return x.stream(res.Body)
}

// whole reads a completion that comes in one piece.
func (x *exchange) whole(body io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(body, maxLine))
	if err != nil {
		return &llm.Error{Message: "reading the completion: " + err.Error(), Err: err}
	}
	if err := x.event(raw); err != nil {
		return err
	}
	return x.ended()
}

// stream reads server-sent events. What is no data line is a comment or a field that nobody needs.
func (x *exchange) stream(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if data = bytes.TrimSpace(data); !ok || len(data) == 0 {
			continue
		}
		if string(data) == "[DONE]" {
			break
		}
		if err := x.event(data); err != nil {
			return err
		}
		if x.reply.size() > maxCompletion {
			x.reply.finish = finishLength
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return &llm.Error{Message: "reading the stream: " + err.Error(), Err: err}
	}
	return x.ended()
}

func (x *exchange) ended() error {
	if x.reply.finish == "" {
		return &llm.Error{Message: "the stream ended early"}
	}
	return nil
}

// event adds one chunk to the reply and passes its text on.
func (x *exchange) event(data []byte) error {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return &llm.Error{Message: fmt.Sprintf("the stream has an event that is no completion: %v", err), Err: err}
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return &llm.Error{Message: "within the stream: " + message(data, string(c.Error))}
	}
	text := x.reply.add(c)
	if x.started.IsZero() && x.reply.size() > 0 {
		x.started = x.now()
	}
	if text != "" && x.onText != nil {
		x.onText(text)
	}
	return nil
}
