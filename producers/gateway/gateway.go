package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/ragline/ragline/producers/httpd"
	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/producers/sdk"
)

// Deps are what the gateway works with.
type Deps struct {
	// Client reaches the log. Its tenant owns what comes in; its source appears on it. The caller closes it after Run.
	Client *sdk.Client
	Logger *slog.Logger
	// Registerer takes the metrics. Nil: none are kept.
	Registerer prometheus.Registerer
	// Gatherer is served at /metrics. Nil: there is no such route.
	Gatherer prometheus.Gatherer
}

// Gateway serves ragline over HTTP. New returns one.
type Gateway struct {
	cfg     Config
	client  *sdk.Client
	logger  *slog.Logger
	metrics *metrics
	gather  prometheus.Gatherer
	limits  *limiter
	keys    httpd.Keys
	handler http.Handler
	reader  otlp.Reader
	buffer  *semaphore.Weighted // bytes of OTLP requests on their way

	stopping  chan struct{} // closed when Run ends, so that streams end too
	listeners struct {
		sync.Mutex
		http, grpc net.Listener
	}
}

// New checks the configuration and builds the gateway. Run listens; Handler serves without listening.
func New(cfg Config, deps Deps) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Client == nil || deps.Logger == nil {
		return nil, errors.New("building the gateway: Deps.Client and Deps.Logger are required")
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, client: deps.Client, logger: deps.Logger, metrics: m, gather: deps.Gatherer,
		limits: newLimiter(cfg.Rate), keys: httpd.HashKeys(cfg.APIKeys), stopping: make(chan struct{}),
		reader: otlp.Reader{Tenant: deps.Client.Tenant(), Recall: otlp.NewRecall()}, buffer: semaphore.NewWeighted(cfg.OTLPBuffer + 1), // a request that is too large is told so, not to come back
	}
	g.handler, err = g.routes()
	return g, err
}

// Handler serves the routes, for a server of the caller's own and for tests.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Addr is the address that Run listens on, or "" before it does.
func (g *Gateway) Addr() string {
	g.listeners.Lock()
	defer g.listeners.Unlock()
	return addrOf(g.listeners.http)
}

// OTLPGRPCAddr is the address of OTLP over gRPC, or "" where it is off or Run does not listen yet.
func (g *Gateway) OTLPGRPCAddr() string {
	g.listeners.Lock()
	defer g.listeners.Unlock()
	return addrOf(g.listeners.grpc)
}

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Listen takes the addresses. Run does it where the caller has not: call it first to know Addr, and that the ports are
// free, before Run.
func (g *Gateway) Listen(ctx context.Context) error {
	g.listeners.Lock()
	defer g.listeners.Unlock()
	if g.listeners.http != nil {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", g.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listening on RAGLINE_GATEWAY_ADDR=%s: %w", g.cfg.Addr, err)
	}
	if g.cfg.OTLPGRPCAddr != "" {
		if g.listeners.grpc, err = lc.Listen(ctx, "tcp", g.cfg.OTLPGRPCAddr); err != nil {
			return errors.Join(fmt.Errorf("listening on RAGLINE_GATEWAY_OTLP_GRPC_ADDR=%s: %w", g.cfg.OTLPGRPCAddr, err), l.Close())
		}
	}
	g.listeners.http = l
	return nil
}

// Run serves until ctx ends, then lets open requests finish within the shutdown timeout. It may be called once.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.Listen(ctx); err != nil {
		return err
	}
	if err := g.client.Listen(ctx); err != nil {
		g.logger.Debug("not listening to answers yet", "error", err) // each request tries again
	}
	servers, ctx := errgroup.WithContext(ctx)
	servers.Go(func() error { return g.serveHTTP(ctx) })
	if g.listeners.grpc != nil {
		servers.Go(func() error { return g.serveGRPC(ctx) })
	}
	return servers.Wait()
}

func (g *Gateway) serveHTTP(ctx context.Context) error {
	server := &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      g.cfg.MaxTimeout + writeTimeout, // streams move it with each write
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(g.logger.Handler(), slog.LevelDebug),
	}
	return httpd.Serve(ctx, g.listeners.http, server, g.cfg.ShutdownTimeout, func() { close(g.stopping) })
}
