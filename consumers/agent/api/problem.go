package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// problem is an error that a client sees. Detail is the field that LangGraph's clients show.
type problem struct {
	Status int    `json:"-"`
	Detail string `json:"detail"`
	// Code is for programs: it does not change when the text does.
	Code string `json:"code"`
	// Field is the offending field of the request.
	Field     string `json:"field,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// Error makes a problem an error, so that helpers can return it.
func (p problem) Error() string { return p.Detail }

// The codes of the problems that more than one place writes.
const (
	codeInvalid   = "invalid_request"
	codeNotFound  = "not_found"
	codeBusy      = "thread_busy"
	codeExists    = "already_exists"
	codeNotServed = "not_served"
	codeForbidden = "forbidden"
)

func (p problem) write(w http.ResponseWriter) {
	p.RequestID = w.Header().Get(requestIDHeader)
	writeJSON(w, p.Status, p)
}

// invalid is a problem with one field of the request.
func invalid(field, format string, args ...any) problem {
	return problem{Status: http.StatusUnprocessableEntity, Code: codeInvalid, Field: field, Detail: field + ": " + fmt.Sprintf(format, args...)}
}

func notFound(what, id string) problem {
	return problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: fmt.Sprintf("%s with ID %s not found", what, id)}
}

func notServed(reason string) problem {
	return problem{Status: http.StatusNotImplemented, Code: codeNotServed, Detail: reason}
}

// problemOf says what an error means to the caller; what is not known is the server's own fault and stays in its log.
func problemOf(err error) (p problem, own bool) {
	if errors.As(err, &p) {
		return p, false
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: err.Error()}, false
	case errors.Is(err, ErrExists):
		return problem{Status: http.StatusConflict, Code: codeExists, Detail: err.Error()}, false
	case errors.Is(err, ErrBusy):
		return problem{Status: http.StatusConflict, Code: codeBusy, Detail: err.Error() + ": wait for its end, or cancel it"}, false
	case errors.Is(err, ErrInvalid):
		return problem{Status: http.StatusUnprocessableEntity, Code: codeInvalid, Detail: err.Error()}, false
	}
	return problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "the server's log tells more under this request_id"}, true
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the status is out: a caller that went away is nobody's error
}
