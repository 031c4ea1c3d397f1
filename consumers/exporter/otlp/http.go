package otlp

import (
	"context"
	"net/http"
	"strings"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
)

const protobuf = "application/x-protobuf"

// httpWire is OTLP/HTTP with protobuf.
type httpWire struct {
	cfg    Config
	client *httpapi.Client
	header http.Header
	gzip   httpapi.Gzip
}

func newHTTP(cfg Config, deps Deps) (wire, error) {
	headers, err := cfg.headers()
	if err != nil {
		return nil, err
	}
	w := &httpWire{cfg: cfg, client: httpapi.New(deps.Transport, cfg.timeout()), header: http.Header{"User-Agent": {"ragline"}, "Content-Type": {protobuf}}}
	w.client.Backend, w.client.KeySettings = "the collector", "OTEL_EXPORTER_OTLP_HEADERS"
	w.client.AddressSettings = "OTEL_EXPORTER_OTLP_ENDPOINT; a collector that takes no logs needs RAGLINE_OTLP_SCORES=spans or off"
	if cfg.Compression == "gzip" {
		w.header.Set("Content-Encoding", "gzip")
	}
	for name, value := range headers {
		w.header.Set(name, value)
	}
	return w, nil
}

func (w *httpWire) close() error {
	w.client.Close()
	return nil
}

func (w *httpWire) traces(ctx context.Context, r *coltracepb.ExportTraceServiceRequest) (answer, error) {
	var resp coltracepb.ExportTraceServiceResponse
	err := w.post(ctx, w.cfg.tracesURL(), r, &resp)
	return answer{resp.GetPartialSuccess().GetRejectedSpans(), resp.GetPartialSuccess().GetErrorMessage()}, err
}

func (w *httpWire) logs(ctx context.Context, r *collogspb.ExportLogsServiceRequest) (answer, error) {
	var resp collogspb.ExportLogsServiceResponse
	err := w.post(ctx, w.cfg.logsURL(), r, &resp)
	return answer{resp.GetPartialSuccess().GetRejectedLogRecords(), resp.GetPartialSuccess().GetErrorMessage()}, err
}

// post sends one request. Some collectors answer a success with something else than the specification says, which
// then says nothing.
func (w *httpWire) post(ctx context.Context, url string, request, response proto.Message) error {
	body, err := proto.Marshal(request)
	if err != nil {
		return &trace.RejectedError{Err: err}
	}
	if w.cfg.Compression == "gzip" {
		body = w.gzip.Pack(body)
	}
	a, err := w.client.Do(ctx, httpapi.Request{Method: http.MethodPost, URL: url, Header: w.header, Body: body})
	if err != nil {
		return err
	}
	if !a.OK() {
		return w.client.Refusal(a, reason(a))
	}
	if isProtobuf(a) && proto.Unmarshal(a.Body, response) != nil {
		proto.Reset(response)
	}
	return nil
}

// reason is a google.rpc.Status in protobuf, or whatever text it is.
func reason(a httpapi.Answer) string {
	var status spb.Status
	if isProtobuf(a) && proto.Unmarshal(a.Body, &status) == nil {
		return status.GetMessage()
	}
	return string(a.Body)
}

func isProtobuf(a httpapi.Answer) bool {
	mediaType, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType) == protobuf
}
