package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // exporters pack with it
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// maxCalls bounds the calls of one connection at once.
const maxCalls = 100

// grpcServer serves OTLP over gRPC.
func (g *Gateway) grpcServer() *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(int(g.cfg.OTLPMaxBody)),
		grpc.MaxConcurrentStreams(maxCalls),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 2 * time.Minute}),
		grpc.UnaryInterceptor(g.call),
	)
	coltracepb.RegisterTraceServiceServer(server, traceService{g: g})
	collogspb.RegisterLogsServiceServer(server, logsService{g: g})
	return server
}

// serveGRPC serves until ctx ends, then lets open calls finish within the shutdown timeout.
func (g *Gateway) serveGRPC(ctx context.Context) error {
	server := g.grpcServer()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		force := time.AfterFunc(g.cfg.ShutdownTimeout, server.Stop)
		defer force.Stop()
		server.GracefulStop()
	}()
	err := server.Serve(g.listeners.grpc)
	stop()
	<-ended
	if err != nil {
		return fmt.Errorf("serving OTLP on %s: %w", g.OTLPGRPCAddr(), err)
	}
	return nil
}

type traceService struct {
	coltracepb.UnimplementedTraceServiceServer
	g *Gateway
}

// Export takes spans.
func (s traceService) Export(ctx context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	p, err := s.g.takeTraces(ctx, req)
	if err != nil {
		return nil, grpcError(asProblem(err))
	}
	return tracesAnswer(p).(*coltracepb.ExportTraceServiceResponse), nil
}

type logsService struct {
	collogspb.UnimplementedLogsServiceServer
	g *Gateway
}

// Export takes evaluation results.
func (s logsService) Export(ctx context.Context, req *collogspb.ExportLogsServiceRequest) (*collogspb.ExportLogsServiceResponse, error) {
	p, err := s.g.takeLogs(ctx, req)
	if err != nil {
		return nil, grpcError(asProblem(err))
	}
	return logsAnswer(p).(*collogspb.ExportLogsServiceResponse), nil
}

// call is around every call: who may come in, room in the buffer, metrics. It recovers a panic as the HTTP server does,
// since gRPC's does not: one request must not end the process.
func (g *Gateway) call(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			g.logger.Error("a call of OTLP panicked", "method", info.FullMethod, "panic", p)
			err = status.Error(codes.Internal, "internal error")
		}
		g.metrics.requests.WithLabelValues("GRPC", info.FullMethod, status.Code(err).String()).Inc()
		g.metrics.seconds.WithLabelValues(info.FullMethod).Observe(time.Since(start).Seconds())
	}()
	if p, ok := g.admitCall(ctx); !ok {
		return nil, grpcError(p)
	}
	held := &held{budget: g.buffer}
	defer held.release()
	if !held.take(int64(proto.Size(req.(proto.Message)))) {
		return nil, grpcError(errBusy())
	}
	return next(ctx, req)
}

func (g *Gateway) admitCall(ctx context.Context) (why problem, ok bool) {
	md, _ := metadata.FromIncomingContext(ctx)
	header := func(name string) string {
		if values := md.Get(name); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	from, _ := peer.FromContext(ctx)
	if from == nil {
		from = &peer.Peer{}
	}
	if p, ok := g.knownHost(from.LocalAddr, header(":authority")); !ok {
		return p, false
	}
	remote := ""
	if from.Addr != nil {
		remote = from.Addr.String()
	}
	return g.admit(keyOf(header("authorization"), header("x-api-key")), remote)
}

// grpcError is a problem as gRPC says it. RetryInfo tells that and when the sender may come back: without it
// RESOURCE_EXHAUSTED would be final.
func grpcError(p problem) error {
	s := status.New(codeOf(p.Status), p.Detail)
	if p.retryAfter > 0 || p.Status == http.StatusServiceUnavailable {
		if with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(p.retryAfter)}); err == nil {
			s = with
		}
	}
	return s.Err()
}
