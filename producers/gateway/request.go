package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

const (
	readyTimeout = 3 * time.Second
	// bodyTimeout ends a request that sends its body drop by drop. It is not the server's ReadTimeout, which would
	// also end requests that wait for their answer.
	bodyTimeout = 30 * time.Second
)

func withTimeout(r *http.Request, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), d)
}

// pathID returns the id in the path. An id with a slash arrives escaped.
func pathID(r *http.Request) (string, error) {
	id, err := url.PathUnescape(chi.URLParam(r, "id"))
	if err != nil || id == "" || len(id) > maxIDBytes {
		return "", invalid("id", "is not an id of at most 200 bytes")
	}
	return id, nil
}

// waitTime returns how long the request may wait: ?timeout= as in 30s, or as seconds.
func (g *Gateway) waitTime(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("timeout")
	if text == "" {
		return g.cfg.Timeout, nil
	}
	d, err := time.ParseDuration(text)
	if seconds, notSeconds := strconv.ParseFloat(text, 64); notSeconds == nil && seconds < 1e6 {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d <= 0 || d > g.cfg.MaxTimeout {
		return 0, invalid("timeout", fmt.Sprintf("%.40q is not a time of at most %s, as in 30s", text, g.cfg.MaxTimeout))
	}
	return d, nil
}

// body reads the JSON body of a request.
func (g *Gateway) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != "application/json" {
		return nil, problem{
			Status: http.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf("the content type is %.80q; send JSON with -H 'Content-Type: application/json'", mediaType),
		}
	}
	defer bodyDeadline(w)()
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.cfg.MaxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is over %d bytes, see RAGLINE_GATEWAY_MAX_BODY", large.Limit)}
	}
	if err != nil {
		return nil, problem{Status: http.StatusBadRequest, Detail: "reading the body: " + err.Error()}
	}
	return raw, nil
}

// bodyDeadline ends reading the body after its time. Call what it returns when the body is read.
func bodyDeadline(w http.ResponseWriter) func() {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every writer has deadlines
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// decode reads the JSON body into a struct with snake_case tags. The caller may write camelCase, too.
// A field that is not known is an error: it is a misspelt one.
func (g *Gateway) decode(w http.ResponseWriter, r *http.Request, into any) error {
	raw, err := g.body(w, r)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("the body is not a JSON object: %v", err)}
	}
	named := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		if _, twice := named[snake(name)]; twice {
			return invalid(snake(name), "is there twice, in snake_case and in camelCase")
		}
		named[snake(name)] = value
	}
	raw, err = json.Marshal(named)
	if err != nil {
		return problem{Status: http.StatusBadRequest, Detail: err.Error()}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fieldProblem(err)
	}
	return nil
}

// fieldProblem finds the field in an error of encoding/json.
func fieldProblem(err error) problem {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalid(wrong.Field, fmt.Sprintf("%s is not allowed here, want %s", wrong.Value, wrong.Type))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return invalid(name, "is not a field of this request")
	}
	return problem{Status: http.StatusBadRequest, Detail: err.Error()}
}
