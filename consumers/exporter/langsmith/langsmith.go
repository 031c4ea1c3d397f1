package langsmith

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// Name is the backend's name in OBSERVABILITY_BACKEND.
const Name = "langsmith"

// maxRuns and maxBytes are LangSmith's limits of a request.
const (
	maxRuns  = 100
	maxBytes = 20_971_520
)

// Deps is what the backend is given.
type Deps struct {
	// Transport carries the requests. Nil makes one for this backend.
	Transport http.RoundTripper
	// Version of the code, sent as the version of the OTLP scope.
	Version string
}

// Backend sends to one project.
type Backend struct {
	cfg    Config
	client *httpapi.Client
	mapper genai.Mapper
	gzip   httpapi.Gzip
	zstd   *zstd.Encoder
	forms  sync.Pool
}

var (
	_ trace.Backend    = (*Backend)(nil)
	_ trace.Limiter    = (*Backend)(nil)
	_ trace.Finder     = (*Backend)(nil)
	_ trace.Counter    = (*Backend)(nil)
	_ trace.Prober     = (*Backend)(nil)
	_ trace.Checker    = (*Backend)(nil)
	_ trace.Descendant = (*Backend)(nil)
)

// New checks the configuration. It does not connect.
func New(cfg Config, deps Deps) (*Backend, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("opening zstd: %w", err)
	}
	b := &Backend{cfg: cfg, client: httpapi.New(deps.Transport, cfg.Timeout), zstd: encoder}
	b.client.Backend, b.client.KeySettings = "LangSmith", "LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID"
	b.client.AddressSettings = "LANGSMITH_ENDPOINT; self-hosted it ends in /api/v1"
	b.forms.New = func() any { return newForm() }
	b.mapper = genai.Mapper{Content: cfg.Content, Version: deps.Version}
	return b, nil
}

// Name is "langsmith".
func (b *Backend) Name() string { return Name }

// Limits are LangSmith's.
func (b *Backend) Limits() (events, bytes int) { return maxRuns, maxBytes / 2 }

// Hold is the setting.
func (b *Backend) Hold() time.Duration { return b.cfg.Hold }

// Close frees idle connections. It may be called twice.
func (b *Backend) Close() error {
	b.client.Close()
	return nil
}

// Export sends runs and feedback as one multipart request. In mode otlp spans go to the OpenTelemetry endpoint.
func (b *Backend) Export(ctx context.Context, batch trace.Batch) (trace.Result, error) {
	form := b.forms.Get().(*form) //nolint:forcetypeassert // the pool holds nothing else
	defer b.forms.Put(form)
	form.reset()
	var result trace.Result
	var spans []event.Event
	for i, e := range batch.Events {
		s, isSpan := e.Data.(*event.SpanEnded)
		switch {
		case isSpan && b.cfg.Mode == ModeOTLP:
			spans = append(spans, e)
		case isSpan:
			b.run(form, s, pathOf(s, batch.Paths))
		default:
			if reason := b.feedback(form, e, batch.Paths); reason != "" {
				result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: reason})
			}
		}
	}
	if len(spans) > 0 {
		if err := b.sendOTLP(ctx, spans, batch.Paths); err != nil {
			return trace.Result{}, err
		}
	}
	if form.empty() {
		return result, nil
	}
	if err := b.post(ctx, form); err != nil {
		return trace.Result{}, err
	}
	return result, nil
}

// post sends a form. The transport may still read what it was given after an error, so that is not kept for reuse.
func (b *Backend) post(ctx context.Context, f *form) error {
	body, contentType := f.close()
	header := b.header(contentType)
	header.Set("Content-Encoding", "zstd")
	packed := b.zstd.EncodeAll(body, make([]byte, 0, len(body)/8))
	_, err := b.do(ctx, httpapi.Request{Method: http.MethodPost, URL: b.cfg.url("/runs/multipart"), Header: header, Body: packed})
	return err
}

func (b *Backend) header(contentType string) http.Header {
	h := http.Header{"User-Agent": {"ragline"}, "X-Api-Key": {b.cfg.APIKey}}
	if b.cfg.WorkspaceID != "" {
		h.Set("X-Tenant-Id", b.cfg.WorkspaceID)
	}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return h
}

func (b *Backend) do(ctx context.Context, r httpapi.Request) ([]byte, error) {
	a, err := b.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	var e struct{ Detail, Error, Message any }
	reason := string(a.Body)
	if !a.OK() && json.Unmarshal(a.Body, &e) == nil {
		for _, v := range []any{e.Detail, e.Error, e.Message} {
			if v != nil {
				reason = fmt.Sprint(v)
				break
			}
		}
	}
	return a.Body, b.client.Refusal(a, reason)
}

// Probe asks whether LangSmith answers there at all.
func (b *Backend) Probe(ctx context.Context, _ event.Event) error {
	_, err := b.Check(ctx)
	return err
}

var errForeign = errors.New("the answer at /info is not LangSmith's (check LANGSMITH_ENDPOINT)")

// Check asks for the version, and for a run with the key.
func (b *Backend) Check(ctx context.Context) (string, error) {
	body, err := b.do(ctx, httpapi.Request{Method: http.MethodGet, URL: b.cfg.url("/info"), Header: b.header("")})
	if err != nil {
		return "", err
	}
	var info struct {
		Version string          `json:"version"`
		Batch   json.RawMessage `json:"batch_ingest_config"`
	}
	if json.Unmarshal(body, &info) != nil || info.Version == "" && info.Batch == nil {
		return "", &trace.BlockedError{Err: errForeign}
	}
	if _, err := b.query(ctx, []string{traceUUID("00000000000000000000000000000001").String()}); err != nil {
		return "", err
	}
	return fmt.Sprintf("LangSmith %s at %s, project %s, mode %s", info.Version, b.cfg.Endpoint, b.cfg.Project, b.cfg.Mode), nil
}
