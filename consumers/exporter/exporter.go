package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
)

// GroupPrefix and the backend's name are a consumer group.
const GroupPrefix = "exporter-"

// Deps is what exporters are given.
type Deps struct {
	// Broker is where dead letters go. Required.
	Broker *broker.Broker
	// Logger is told of events that a backend lost without naming them. Nil discards.
	Logger *slog.Logger
	// Registerer gets the ragline_exporter metrics. Nil keeps them to the exporters.
	Registerer prometheus.Registerer
	// Transport carries requests to backends. Nil lets each make its own.
	Transport http.RoundTripper
	// Now is the clock. Nil is time.Now.
	Now func() time.Time
	// Version of the code, written into dead letters and sent as the version of the OTLP scope.
	Version string
}

// Exporter feeds one backend. It is a stream.BatchHandler for the topics of Topics.
type Exporter struct {
	group    string
	cfg      Config
	deps     Deps
	backend  trace.Backend
	metrics  *metrics
	letters  *deadLetters
	breaker  *breaker
	ancestry *ancestry

	mu       sync.Mutex
	progress map[place]*progress
}

var _ stream.BatchHandler = (*Exporter)(nil)

// New returns one exporter for each backend of OBSERVABILITY_BACKEND. It does not connect.
func New(cfg Config, deps Deps) ([]*Exporter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Broker == nil {
		return nil, errors.New("opening exporters: Deps.Broker is nil")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Version == "" {
		deps.Version = "unknown"
	}
	metrics, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("opening exporters: registering metrics: %w", err)
	}
	selected, err := cfg.selected()
	if err != nil {
		return nil, err
	}
	exporters := make([]*Exporter, 0, len(selected))
	for _, entry := range selected {
		b, err := entry.open(cfg.Settings, deps)
		if err != nil {
			for _, x := range exporters {
				_ = x.Close() // nothing was sent
			}
			return nil, fmt.Errorf("opening export backend %s: %w", entry.name, err)
		}
		exporters = append(exporters, newExporter(cfg, deps, b, metrics))
	}
	return exporters, nil
}

func newExporter(cfg Config, deps Deps, b trace.Backend, m *metrics) *Exporter {
	if l, ok := b.(trace.Limiter); ok {
		events, bytes := l.Limits()
		cfg.MaxEvents, cfg.MaxBytes = min(cfg.MaxEvents, events), min(cfg.MaxBytes, bytes)
	}
	x := &Exporter{group: GroupPrefix + b.Name(), cfg: cfg, deps: deps, backend: b, metrics: m, progress: map[place]*progress{}}
	x.letters = &deadLetters{broker: deps.Broker, group: x.Name(), version: deps.Version}
	x.breaker = newBreaker(deps.Now, m.open.WithLabelValues(x.Name()))
	x.ancestry = newAncestry(b, deps.Broker, deps.Now)
	m.blocked.WithLabelValues(x.Name()).Set(0)
	return x
}

// Name is the consumer group, for example "exporter-otlp". Another name exports the whole history again.
func (x *Exporter) Name() string { return x.group }

// Topics are what an exporter reads.
func (x *Exporter) Topics() []string { return exported() }

// requestsPerBatch is how many requests are announced at a time: what a crash leaves in doubt.
const requestsPerBatch = 2

// Stream bounds the batches of the runtime: a crash leaves a whole one in doubt.
func (x *Exporter) Stream(cfg stream.Config) stream.Config {
	cfg.BatchMaxRecords = min(cfg.BatchMaxRecords, requestsPerBatch*x.cfg.MaxEvents)
	return cfg
}

// Backend returns what is exported to.
func (x *Exporter) Backend() trace.Backend { return x.backend }

// Close frees connections. It is called after the consumer has ended and may be called twice.
func (x *Exporter) Close() error {
	x.letters.close()
	return shut(x.backend)
}

func shut(b trace.Backend) error {
	if c, ok := b.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Checked is what a backend says of its address, key and version.
type Checked struct {
	Backend, Found string
	Err            error
}

// Check asks the selected backends that are somewhere else whether address, key and version fit. It sends nothing.
func Check(ctx context.Context, cfg Config) ([]Checked, error) {
	selected, err := cfg.selected()
	if err != nil {
		return nil, err
	}
	var all []Checked
	for _, entry := range selected {
		b, err := entry.open(cfg.Settings, Deps{})
		if err != nil {
			all = append(all, Checked{Backend: entry.name, Err: err})
			continue
		}
		if c, ok := b.(trace.Checker); ok {
			found, err := c.Check(ctx)
			all = append(all, Checked{entry.name, found, err})
		}
		_ = shut(b) // nothing was sent
	}
	return all, nil
}

// BackendOf returns the backend of a type, for example the *memory.Store that a command shows traces from.
func BackendOf[T trace.Backend](exporters []*Exporter) (T, bool) {
	for _, x := range exporters {
		if b, ok := x.backend.(T); ok {
			return b, true
		}
	}
	var none T
	return none, false
}
