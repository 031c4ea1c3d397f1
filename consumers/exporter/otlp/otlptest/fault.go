package otlptest

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Fault answers a request instead of the collector. stored says that the collector keeps the request all the same.
type Fault struct {
	Answer http.HandlerFunc
	// RPC is the answer over gRPC.
	RPC    func(context.Context) error
	Stored bool
}

// Status answers with a status, and headers as pairs.
func Status(code int, headers ...string) Fault {
	return Fault{RPC: refuse(code, "refused"), Answer: func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}}
}

// Explained answers with a status and its reason, as the specification says.
func Explained(code int, reason string) Fault {
	return Fault{RPC: refuse(code, reason), Answer: func(w http.ResponseWriter, _ *http.Request) {
		raw, _ := proto.Marshal(&spb.Status{Code: 3, Message: reason})
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(code)
		_, _ = w.Write(raw)
	}}
}

// Throttle answers 429, or its like over gRPC, and asks to wait.
func Throttle(after time.Duration) Fault {
	f := Status(http.StatusTooManyRequests, "Retry-After", after.String()[:len(after.String())-1])
	f.RPC = func(context.Context) error {
		s, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		if err != nil {
			return err
		}
		return s.Err()
	}
	return f
}

// BrokenAfter stores the request and answers 500.
func BrokenAfter() Fault {
	f := Status(http.StatusInternalServerError)
	f.Stored = true
	return f
}

// Reset stores the request and cuts the connection in the middle of the answer.
func Reset() Fault {
	return Fault{Stored: true, RPC: refuse(http.StatusBadGateway, "connection reset"), Answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}}
}

// Hang answers nothing until the client has gone.
func Hang() Fault {
	return Fault{
		RPC:    func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		Answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
}

// refuse is a status over gRPC, as the collector's own receiver translates it.
func refuse(code int, reason string) func(context.Context) error {
	translated := map[int]codes.Code{
		http.StatusUnauthorized: codes.Unauthenticated, http.StatusForbidden: codes.PermissionDenied, http.StatusNotFound: codes.Unimplemented,
		http.StatusBadRequest: codes.InvalidArgument, http.StatusRequestEntityTooLarge: codes.ResourceExhausted,
	}
	to, known := translated[code]
	if !known {
		to = codes.Unavailable
	}
	if code == http.StatusRequestEntityTooLarge {
		reason = "grpc: received message larger than max"
	}
	return func(context.Context) error { return status.Error(to, reason) }
}
