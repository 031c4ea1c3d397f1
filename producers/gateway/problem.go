package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

// problem is an error as RFC 9457 writes it, with ragline's own members.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Field is the offending field of the request.
	Field string `json:"field,omitempty"`
	// QueryID and ThreadID say which question is still being answered.
	QueryID  string `json:"query_id,omitempty"`
	ThreadID string `json:"thread_id,omitempty"`
	// retryAfter says when to come back. Zero: it says nothing.
	retryAfter time.Duration
}

// Error makes a problem an error, so that helpers can return it.
func (p problem) Error() string { return p.Detail }

func (p problem) write(w http.ResponseWriter) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	p.headers(w)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// headers are those that a status asks for, whatever the body is.
func (p problem) headers(w http.ResponseWriter) {
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ragline"`)
	}
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
}

// invalid is a problem with one field of the request.
func invalid(field, detail string) problem {
	return problem{Status: http.StatusBadRequest, Field: field, Detail: field + ": " + detail}
}

// problemOf says what an error means to the caller. Whatever is not the caller's fault is an outage of the log.
func problemOf(err error) problem {
	var (
		p       problem
		late    *sdk.PendingError
		refused *event.DecodeError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &late) && late.Published && errors.Is(err, context.DeadlineExceeded):
		return problem{
			Status: http.StatusGatewayTimeout, QueryID: late.QueryID, ThreadID: late.ThreadID,
			Detail: "the answer did not come in time; GET /v1/queries/" + late.QueryID + " has it when it does",
		}
	case errors.As(err, &late):
		return problem{Status: http.StatusServiceUnavailable, QueryID: late.QueryID, ThreadID: late.ThreadID, Detail: late.Error()}
	case errors.As(err, &refused) && refused.Reason == event.ReasonOversized:
		return problem{Status: http.StatusRequestEntityTooLarge, Field: snake(refused.Field), Detail: refused.Error()}
	case errors.As(err, &refused):
		field := snake(refused.Field)
		return invalid(field, strings.ReplaceAll(refused.Err.Error(), refused.Field, field))
	default:
		return problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the status is out: a caller that went away is nobody's error
}

var upper = regexp.MustCompile(`[A-Z]`)

// snake turns camelCase into snake_case.
func snake(name string) string {
	return upper.ReplaceAllStringFunc(name, func(letter string) string { return "_" + strings.ToLower(letter) })
}
