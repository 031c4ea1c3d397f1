package otlptest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector keeps what it is sent, every repeat included. It ends with its test.
type Collector struct {
	t      testing.TB
	server *httptest.Server

	mu       sync.Mutex
	faults   []Fault
	refuses  func(*tracepb.Span) bool
	limit    int
	gate     func()
	partial  *coltracepb.ExportTracePartialSuccess
	requests []proto.Message
	headers  []http.Header
	spans    []*tracepb.Span
	logs     []*logspb.LogRecord
}

// New starts a collector.
func New(t testing.TB) *Collector {
	c := &Collector{t: t}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	return c
}

// URL is the base URL.
func (c *Collector) URL() string { return c.server.URL }

// Fail makes the next requests fail, one fault each.
func (c *Collector) Fail(faults ...Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, faults...)
}

// Refuse answers 400 to every request with such a span, and stores nothing of it.
func (c *Collector) Refuse(bad func(*tracepb.Span) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuses = bad
}

// Limit answers 413 to every request with more uncompressed bytes.
func (c *Collector) Limit(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = bytes
}

// OnStored calls f after a request was stored and before it is answered.
func (c *Collector) OnStored(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = f
}

// Partial is the partial success of all later requests that hold spans.
func (c *Collector) Partial(rejected int64, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partial = &coltracepb.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: message}
}

// Spans returns what was stored, in the order of arrival.
func (c *Collector) Spans() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Logs returns what was stored, in the order of arrival.
func (c *Collector) Logs() []*logspb.LogRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.logs)
}

// Requests returns the requests that were stored, and the headers of all that came.
func (c *Collector) Requests() ([]proto.Message, []http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests), slices.Clone(c.headers)
}

// ServeHTTP is the collector.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := c.read(r)
	c.mu.Lock()
	fault := c.fault(r.Header.Clone())
	status, answer := http.StatusOK, proto.Message(nil)
	if fault.Stored {
		status, answer = c.take(r.URL.Path, body)
	}
	gate := c.gate
	c.mu.Unlock()
	if gate != nil {
		gate()
	}
	if fault.Answer != nil {
		fault.Answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(status)
	if answer != nil {
		raw, _ := proto.Marshal(answer)
		_, _ = w.Write(raw)
	}
}

// fault notes that a request has come and returns what is to become of it.
func (c *Collector) fault(header http.Header) Fault {
	c.headers = append(c.headers, header)
	fault := Fault{Stored: true}
	if len(c.faults) > 0 {
		fault, c.faults = c.faults[0], c.faults[1:]
	}
	return fault
}

// read checks the envelope of a request.
func (c *Collector) read(r *http.Request) []byte {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.t.Errorf("%s with content type %q", r.Method, r.Header.Get("Content-Type"))
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Errorf("opening gzip: %v", err)
			return nil
		}
		body = unpacked
	}
	data, err := io.ReadAll(body)
	if err != nil && r.Context().Err() == nil {
		c.t.Errorf("reading request: %v", err)
	}
	return data
}

func (c *Collector) take(path string, body []byte) (int, proto.Message) {
	if c.limit > 0 && len(body) > c.limit {
		return http.StatusRequestEntityTooLarge, nil
	}
	switch path {
	case "/v1/traces":
		req := &coltracepb.ExportTraceServiceRequest{}
		c.decode(body, req)
		return c.takeTraces(req)
	case "/v1/logs":
		req := &collogspb.ExportLogsServiceRequest{}
		c.decode(body, req)
		return c.takeLogs(req)
	default:
		c.t.Errorf("request to %s", path)
		return http.StatusNotFound, nil
	}
}

func (c *Collector) takeTraces(req *coltracepb.ExportTraceServiceRequest) (int, proto.Message) {
	var spans []*tracepb.Span
	for _, rs := range req.GetResourceSpans() {
		c.resource(rs.GetResource())
		for _, ss := range rs.GetScopeSpans() {
			spans = append(spans, ss.GetSpans()...)
		}
	}
	for _, s := range spans {
		if c.refuses != nil && c.refuses(s) {
			return http.StatusBadRequest, nil
		}
		c.span(s)
	}
	if len(spans) > 0 {
		c.requests = append(c.requests, req)
		c.spans = append(c.spans, spans...)
		return http.StatusOK, &coltracepb.ExportTraceServiceResponse{PartialSuccess: c.partial}
	}
	return http.StatusOK, &coltracepb.ExportTraceServiceResponse{}
}

func (c *Collector) takeLogs(req *collogspb.ExportLogsServiceRequest) (int, proto.Message) {
	for _, rl := range req.GetResourceLogs() {
		c.resource(rl.GetResource())
		for _, sl := range rl.GetScopeLogs() {
			for _, l := range sl.GetLogRecords() {
				c.log(l)
				c.logs = append(c.logs, l)
			}
		}
	}
	if len(req.GetResourceLogs()) > 0 {
		c.requests = append(c.requests, req)
	}
	return http.StatusOK, &collogspb.ExportLogsServiceResponse{}
}
