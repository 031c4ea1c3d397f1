package otlp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"strings"
	"time"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
)

// grpcWire is OTLP/gRPC. It connects at the first request.
type grpcWire struct {
	cfg  Config
	conn *grpc.ClientConn
	meta metadata.MD
	opts []grpc.CallOption
}

func newGRPC(cfg Config, _ Deps) (wire, error) {
	headers, err := cfg.headers()
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(cfg.address())
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	secure := insecure.NewCredentials()
	if at.Scheme == "https" {
		secure = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	// Retries are the exporter's: it knows what was sent.
	conn, err := grpc.NewClient(at.Host, grpc.WithTransportCredentials(secure), grpc.WithDisableRetry(), grpc.WithUserAgent("ragline"))
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT=%s: %w", cfg.address(), err)
	}
	w := &grpcWire{cfg: cfg, conn: conn, meta: metadata.New(headers)}
	if cfg.Compression == "gzip" {
		w.opts = append(w.opts, grpc.UseCompressor(gzip.Name))
	}
	return w, nil
}

// close may be called twice.
func (w *grpcWire) close() error {
	if err := w.conn.Close(); status.Code(err) != codes.Canceled {
		return err
	}
	return nil
}

func (w *grpcWire) traces(ctx context.Context, r *coltracepb.ExportTraceServiceRequest) (answer, error) {
	calling, end := w.begin(ctx)
	defer end()
	resp, err := coltracepb.NewTraceServiceClient(w.conn).Export(calling, r, w.opts...)
	p := resp.GetPartialSuccess()
	return answer{p.GetRejectedSpans(), p.GetErrorMessage()}, w.classify(ctx, err)
}

func (w *grpcWire) logs(ctx context.Context, r *collogspb.ExportLogsServiceRequest) (answer, error) {
	calling, end := w.begin(ctx)
	defer end()
	resp, err := collogspb.NewLogsServiceClient(w.conn).Export(calling, r, w.opts...)
	p := resp.GetPartialSuccess()
	return answer{p.GetRejectedLogRecords(), p.GetErrorMessage()}, w.classify(ctx, err)
}

func (w *grpcWire) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(metadata.NewOutgoingContext(ctx, w.meta), w.cfg.timeout())
}

// classify follows the specification's table of codes. It never loses an event that may be taken later.
func (w *grpcWire) classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("sending to the collector: %w", context.Cause(ctx))
	}
	s := status.Convert(err)
	err = fmt.Errorf("the collector answered %s at %s: %s", s.Code(), w.cfg.address(), httpapi.Line(s.Message()))
	after, asked := retryDelay(s)
	switch s.Code() {
	case codes.Unauthenticated, codes.PermissionDenied:
		return &trace.BlockedError{Err: fmt.Errorf("%w (check OTEL_EXPORTER_OTLP_HEADERS)", err)}
	case codes.Unimplemented, codes.NotFound:
		return &trace.BlockedError{Err: fmt.Errorf("%w (check OTEL_EXPORTER_OTLP_ENDPOINT; a collector that takes no logs needs RAGLINE_OTLP_SCORES=spans or off)", err)}
	case codes.ResourceExhausted:
		if !asked && strings.Contains(s.Message(), "larger than max") {
			return fmt.Errorf("%w: %w", trace.ErrTooLarge, err)
		}
		return &trace.RetryError{After: after, NothingTaken: true, Err: err}
	case codes.InvalidArgument, codes.FailedPrecondition, codes.AlreadyExists, codes.Internal:
		return &trace.RejectedError{Err: err}
	default:
		return &trace.RetryError{After: after, Err: err}
	}
}

// retryDelay reads how long the collector asks to wait.
func retryDelay(s *status.Status) (after time.Duration, asked bool) {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return min(max(info.GetRetryDelay().AsDuration(), 0), httpapi.MaxRetryAfter), true
		}
	}
	return 0, false
}
