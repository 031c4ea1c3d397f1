package otlptest

import (
	"context"
	"net"
	"net/http"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// GRPC opens the collector's gRPC port and returns its base URL. What comes in there is kept with the rest.
func (c *Collector) GRPC() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatalf("opening the gRPC port: %v", err)
	}
	server := grpc.NewServer()
	coltracepb.RegisterTraceServiceServer(server, traceService{c: c})
	collogspb.RegisterLogsServiceServer(server, logsService{c: c})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with Stop
	}()
	c.t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return "http://" + listener.Addr().String()
}

type traceService struct {
	coltracepb.UnimplementedTraceServiceServer
	c *Collector
}

func (s traceService) Export(ctx context.Context, r *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	answer, err := s.c.call(ctx, r, func() (int, proto.Message) { return s.c.takeTraces(r) })
	resp, _ := answer.(*coltracepb.ExportTraceServiceResponse)
	return resp, err
}

type logsService struct {
	collogspb.UnimplementedLogsServiceServer
	c *Collector
}

func (s logsService) Export(ctx context.Context, r *collogspb.ExportLogsServiceRequest) (*collogspb.ExportLogsServiceResponse, error) {
	answer, err := s.c.call(ctx, r, func() (int, proto.Message) { return s.c.takeLogs(r) })
	resp, _ := answer.(*collogspb.ExportLogsServiceResponse)
	return resp, err
}

func (c *Collector) call(ctx context.Context, request proto.Message, take func() (int, proto.Message)) (proto.Message, error) {
	fault := c.next(ctx)
	code, answer := http.StatusOK, proto.Message(nil)
	if fault.Stored {
		c.mu.Lock()
		if code, answer = http.StatusRequestEntityTooLarge, nil; c.limit == 0 || proto.Size(request) <= c.limit {
			code, answer = take()
		}
		gate := c.gate
		c.mu.Unlock()
		if gate != nil {
			gate()
		}
	}
	if fault.RPC != nil {
		return nil, fault.RPC(ctx)
	}
	if code != http.StatusOK {
		return nil, refuse(code, "refused")(ctx)
	}
	if answer == nil {
		return nil, status.Error(codes.Internal, "no answer")
	}
	return answer, nil
}

func (c *Collector) next(ctx context.Context) Fault {
	meta, _ := metadata.FromIncomingContext(ctx)
	header := http.Header{}
	for name, values := range meta {
		for _, v := range values {
			header.Add(name, v)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault(header)
}
