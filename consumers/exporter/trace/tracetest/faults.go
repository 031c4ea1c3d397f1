package tracetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// Fault is a way in which a backend may fail.
type Fault int

// Faults of the next request.
const (
	// Throttle answers 429 with a Retry-After of RetryAfter.
	Throttle Fault = iota
	// Broken answers 500 and has stored nothing.
	Broken
	// BrokenAfter answers 500 and has stored the request all the same.
	BrokenAfter
	// Reset stores the request and cuts the connection in the middle of the answer.
	Reset
	// Hang never answers.
	Hang
	// Oversized answers 413.
	Oversized
	// Unauthorized answers 401.
	Unauthorized
	// BadEvent refuses the whole request because of one event.
	BadEvent
)

// Faults stand before a server and make its next POST requests fail. The zero value lets everything pass.
type Faults struct {
	mu    sync.Mutex
	queue []Fault
}

// Fail makes the next POST requests fail, one fault each.
func (f *Faults) Fail(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, faults...)
}

func (f *Faults) next() (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return 0, false
	}
	first := f.queue[0]
	f.queue = f.queue[1:]
	return first, true
}

// Before returns a handler that fails as told, and otherwise is next. Questions by GET and those whose path is listed
// pass.
func (f *Faults) Before(next http.Handler, questions ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range questions {
			if r.URL.Path == path {
				next.ServeHTTP(w, r)
				return
			}
		}
		fault, failing := Fault(0), false
		if r.Method != http.MethodGet {
			fault, failing = f.next()
		}
		if !failing {
			next.ServeHTTP(w, r)
			return
		}
		fault.serve(w, r, next)
	})
}

func (f Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	status := map[Fault]int{
		Throttle: http.StatusTooManyRequests, Broken: http.StatusInternalServerError, BrokenAfter: http.StatusInternalServerError,
		Oversized: http.StatusRequestEntityTooLarge, Unauthorized: http.StatusUnauthorized, BadEvent: http.StatusBadRequest,
	}
	switch f {
	case Hang:
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
		<-r.Context().Done()
		return
	case Reset, BrokenAfter:
		next.ServeHTTP(httptest.NewRecorder(), r)
	case Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(int(RetryAfter.Seconds())))
	}
	if f != Reset {
		http.Error(w, "a fault of the test", status[f])
		return
	}
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte("half"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
