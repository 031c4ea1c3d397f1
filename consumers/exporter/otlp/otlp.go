package otlp

import (
	"context"
	"net/http"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// Name is the backend's name in OBSERVABILITY_BACKEND.
const Name = "otlp"

// Deps is what the backend is given.
type Deps struct {
	// Transport carries the requests over HTTP. Nil makes one for this backend.
	Transport http.RoundTripper
	// Version of the code, sent as the version of the scope.
	Version string
}

// Backend sends to one collector. Close frees its connections.
type Backend struct {
	cfg    Config
	mapper genai.Mapper
	wire   wire
}

// wire is one of OTLP's two transports. Each method makes one request and returns the partial success.
type wire interface {
	traces(ctx context.Context, r *coltracepb.ExportTraceServiceRequest) (answer, error)
	logs(ctx context.Context, r *collogspb.ExportLogsServiceRequest) (answer, error)
	close() error
}

// answer is what a collector says about a request that it took: its partial success.
type answer struct {
	rejected int64
	message  string
}

var (
	_ trace.Backend = (*Backend)(nil)
	_ trace.Prober  = (*Backend)(nil)
	_ trace.Checker = (*Backend)(nil)
)

// New checks the configuration. It does not connect.
func New(cfg Config, deps Deps) (*Backend, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	open := newHTTP
	if cfg.Protocol == ProtocolGRPC {
		open = newGRPC
	}
	w, err := open(cfg, deps)
	if err != nil {
		return nil, err
	}
	return &Backend{cfg: cfg, mapper: genai.Mapper{Content: cfg.Content, Version: deps.Version}, wire: w}, nil
}

// Name is "otlp".
func (b *Backend) Name() string { return Name }

// Close frees connections. It may be called twice.
func (b *Backend) Close() error { return b.wire.close() }

// Export sends spans to the traces endpoint and scores and feedback to the logs endpoint. A batch comes from one
// topic, so it is one request.
func (b *Backend) Export(ctx context.Context, batch trace.Batch) (trace.Result, error) {
	p := b.plan(batch.Events)
	result := trace.Result{Rejected: p.refused}
	if len(p.spans) > 0 {
		a, err := b.wire.traces(ctx, b.mapper.Traces(p.pick(batch.Events, p.spans)))
		if err != nil {
			return trace.Result{}, err
		}
		result = add(result, read(a, p.spans))
	}
	if len(p.logs) > 0 {
		a, err := b.wire.logs(ctx, b.mapper.Logs(p.pick(batch.Events, p.logs)))
		if err != nil {
			return trace.Result{Settled: p.spans}, err
		}
		result = add(result, read(a, p.logs))
	}
	return result, nil
}

// Probe sends an empty request to where the event went.
func (b *Backend) Probe(ctx context.Context, e event.Event) error {
	var err error
	if p := b.plan([]event.Event{e}); len(p.logs) > 0 {
		_, err = b.wire.logs(ctx, &collogspb.ExportLogsServiceRequest{})
	} else {
		_, err = b.wire.traces(ctx, &coltracepb.ExportTraceServiceRequest{})
	}
	return err
}

// Check sends empty requests.
func (b *Backend) Check(ctx context.Context) (string, error) {
	if _, err := b.wire.traces(ctx, &coltracepb.ExportTraceServiceRequest{}); err != nil {
		return "", err
	}
	if b.cfg.Scores == ScoresLogs {
		if _, err := b.wire.logs(ctx, &collogspb.ExportLogsServiceRequest{}); err != nil {
			return "", err
		}
	}
	return "a collector answers at " + b.cfg.address(), nil
}

// read turns a partial success into a result.
func read(a answer, indexes []int) trace.Result {
	if a.rejected < int64(len(indexes)) {
		// The specification forbids to send a partial success again, and does not say which ones were refused.
		return trace.Result{Unnamed: max(a.rejected, 0), Note: a.message}
	}
	result := trace.Result{}
	for _, i := range indexes {
		result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: "collector: " + a.message})
	}
	return result
}

func add(a, b trace.Result) trace.Result {
	a.Rejected = append(a.Rejected, b.Rejected...)
	a.Unnamed += b.Unnamed
	if b.Note != "" {
		a.Note = b.Note
	}
	return a
}

// plan says what becomes of each event of a batch, by its index.
type plan struct {
	spans, logs []int
	refused     []trace.Rejection
}

func (b *Backend) plan(events []event.Event) plan {
	var p plan
	for i, e := range events {
		switch m := e.Data.(type) {
		case *event.SpanEnded:
			p.spans = append(p.spans, i)
		case *event.ScoreGiven:
			b.planScore(&p, i, m.GetTraceId())
		case *event.FeedbackGiven:
			b.planScore(&p, i, m.GetTraceId())
		}
	}
	return p
}

func (b *Backend) planScore(p *plan, index int, traceID string) {
	switch {
	case b.cfg.Scores == ScoresOff:
	case b.cfg.Scores == ScoresLogs:
		p.logs = append(p.logs, index)
	case traceID == "":
		p.refused = append(p.refused, trace.Rejection{Index: index, Reason: "feedback without a trace id cannot become a span"})
	default:
		p.spans = append(p.spans, index)
	}
}

func (plan) pick(events []event.Event, indexes []int) []event.Event {
	picked := make([]event.Event, len(indexes))
	for n, i := range indexes {
		picked[n] = events[i]
	}
	return picked
}
