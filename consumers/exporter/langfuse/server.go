package langfuse

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
)

var errNoProject = errors.New("the key belongs to no project (check LANGFUSE_PUBLIC_KEY)")

// server is the way to one project of one LangFuse.
type server struct {
	cfg    Config
	client *httpapi.Client
	auth   string
}

func newServer(cfg Config, transport http.RoundTripper) *server {
	s := &server{cfg: cfg, client: httpapi.New(transport, cfg.Timeout)}
	s.client.Backend, s.client.KeySettings = "LangFuse", "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
	s.client.AddressSettings = "LANGFUSE_HOST, and RAGLINE_LANGFUSE_MODE: otlp needs v3.22 or later"
	s.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.PublicKey+":"+cfg.SecretKey))
	return s
}

func (s *server) header(contentType string) http.Header {
	h := http.Header{"User-Agent": {"ragline"}, "Authorization": {s.auth}}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return h
}

// post sends JSON and returns the body of a success.
func (s *server) post(ctx context.Context, path string, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, &trace.RejectedError{Err: fmt.Errorf("building request: %w", err)}
	}
	return s.do(ctx, httpapi.Request{Method: http.MethodPost, URL: s.cfg.url(path), Header: s.header("application/json"), Body: raw})
}

// get reads JSON into out.
func (s *server) get(ctx context.Context, path string, query url.Values, out any) error {
	at := s.cfg.url(path)
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	body, err := s.do(ctx, httpapi.Request{Method: http.MethodGet, URL: at, Header: s.header("")})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &trace.RetryError{Err: fmt.Errorf("reading LangFuse's answer at %s: %w", path, err)}
	}
	return nil
}

func (s *server) do(ctx context.Context, r httpapi.Request) ([]byte, error) {
	a, err := s.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.Body, s.client.Refusal(a, reason(a.Body))
}

// reason reads LangFuse's error, or whatever text it is.
func reason(body []byte) string {
	var e struct {
		Message string `json:"message"`
		Error   any    `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Message == "" {
		return string(body)
	}
	if detail, ok := e.Error.(string); ok && detail != e.Message {
		return e.Message + ": " + detail
	}
	return e.Message
}

// Check asks for the version and for the project of the key.
func (s *server) Check(ctx context.Context) (string, error) {
	version, err := s.version(ctx)
	if err != nil {
		return "", err
	}
	var projects struct {
		Data []struct {
			Name string `json:"name"`
		} `json:"data"`
	}
	if err := s.get(ctx, "/api/public/projects", nil, &projects); err != nil {
		return "", err
	}
	if len(projects.Data) == 0 {
		return "", &trace.BlockedError{Err: errNoProject}
	}
	major, _, _ := strings.Cut(version, ".")
	if s.cfg.Mode == ModeOTLP && major == "2" || s.cfg.Mode == ModeLegacy && major == "4" {
		return "", &trace.BlockedError{Err: fmt.Errorf("LangFuse %s does not take spans in RAGLINE_LANGFUSE_MODE=%s", version, s.cfg.Mode)}
	}
	return fmt.Sprintf("LangFuse %s at %s, project %s, mode %s", version, s.cfg.Host, projects.Data[0].Name, s.cfg.Mode), nil
}

func (s *server) version(ctx context.Context) (string, error) {
	var health struct {
		Version string `json:"version"`
	}
	if err := s.get(ctx, "/api/public/health", nil, &health); err != nil {
		return "", err
	}
	return strings.TrimPrefix(health.Version, "v"), nil
}
