package otlp

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// Name is the backend's name in OBSERVABILITY_BACKEND.
const Name = "otlp"

// Deps is what the backend is given.
type Deps struct {
	// Transport carries the requests. Nil makes one for this backend.
	Transport http.RoundTripper
	// Version of the code, sent as the version of the scope.
	Version string
}

// Backend sends to one collector. Close frees its connections.
type Backend struct {
	cfg    Config
	mapper mapper
	client *http.Client
	header http.Header
}

var (
	_ trace.Backend = (*Backend)(nil)
	_ trace.Prober  = (*Backend)(nil)
)

// New checks the configuration. It does not connect.
func New(cfg Config, deps Deps) (*Backend, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	headers, err := cfg.headers()
	if err != nil {
		return nil, err
	}
	if deps.Transport == nil {
		deps.Transport = newTransport()
	}
	b := &Backend{
		cfg:    cfg,
		mapper: mapper{content: cfg.Content, version: deps.Version},
		client: &http.Client{
			Transport: deps.Transport,
			Timeout:   cfg.timeout(),
			// A redirect would carry the key elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		header: http.Header{"User-Agent": {"ragline"}, "Content-Type": {"application/x-protobuf"}},
	}
	for name, value := range headers {
		b.header.Set(name, value)
	}
	return b, nil
}

func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 8 // partitions export side by side
	t.IdleConnTimeout = 30 * time.Second
	return t
}

// Name is "otlp".
func (b *Backend) Name() string { return Name }

// Close frees idle connections. It may be called twice.
func (b *Backend) Close() error {
	b.client.CloseIdleConnections()
	return nil
}

// Export sends spans to the traces endpoint and scores and feedback to the logs endpoint. A batch comes from one
// topic, so that is one request; with a mixed one, an error of the second repeats the first.
func (b *Backend) Export(ctx context.Context, batch trace.Batch) (trace.Result, error) {
	p := b.plan(batch.Events)
	result := trace.Result{Rejected: p.refused}
	if len(p.spans) > 0 {
		r, err := b.send(ctx, b.cfg.tracesURL(), b.mapper.traces(p.pick(batch.Events, p.spans)), p.spans)
		if err != nil {
			return trace.Result{}, err
		}
		result = add(result, r)
	}
	if len(p.logs) > 0 {
		r, err := b.send(ctx, b.cfg.logsURL(), b.mapper.logs(p.pick(batch.Events, p.logs)), p.logs)
		if err != nil {
			return trace.Result{}, err
		}
		result = add(result, r)
	}
	return result, nil
}

// Probe sends an empty request, which every collector takes, where e would go.
func (b *Backend) Probe(ctx context.Context, e event.Event) error {
	url := b.cfg.tracesURL()
	if p := b.plan([]event.Event{e}); len(p.logs) > 0 {
		url = b.cfg.logsURL()
	}
	_, err := b.post(ctx, url, nil)
	return err
}

// send posts m, which holds the events at the indexes of the batch.
func (b *Backend) send(ctx context.Context, url string, m proto.Message, indexes []int) (trace.Result, error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return trace.Result{}, &trace.RejectedError{Err: err}
	}
	answer, err := b.post(ctx, url, body)
	if err != nil || answer.rejected == 0 {
		return trace.Result{Note: answer.message}, err
	}
	if answer.rejected < int64(len(indexes)) {
		// The specification forbids to send a partial success again, and does not say which ones were refused.
		return trace.Result{Unnamed: answer.rejected, Note: answer.message}, nil
	}
	result := trace.Result{}
	for _, i := range indexes {
		result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: "collector: " + answer.message})
	}
	return result, nil
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
