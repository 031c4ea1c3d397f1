package otlptest

import (
	"net/http"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// Status answers with a status, and headers as pairs.
func Status(code int, headers ...string) Fault {
	return Fault{Answer: func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}}
}

// Explained answers with a status and its reason, as the specification says.
func Explained(code int, reason string) Fault {
	return Fault{Answer: func(w http.ResponseWriter, _ *http.Request) {
		raw, _ := proto.Marshal(&spb.Status{Code: 3, Message: reason})
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(code)
		_, _ = w.Write(raw)
	}}
}

// Reset stores the request and cuts the connection in the middle of the answer.
func Reset() Fault {
	return Fault{Stored: true, Answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}}
}

// Hang answers nothing until the client has gone.
func Hang() Fault {
	return Fault{Answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
}
