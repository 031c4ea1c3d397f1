package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/agent/tool/mcp"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/price"
	"github.com/ragline/ragline/consumers/internal/llm/provider"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// group is the consumer group. Renaming it reads queries and reviews from the start; the store recognises them.
const group = "agent"

// source is the ce_source of what the agent publishes.
const source = "ragline/agent"

// Deps is what the agent works with.
type Deps struct {
	// Broker and Pack are required.
	Broker *broker.Broker
	Pack   *domain.Pack
	// Model defaults to the one that Config.LLM names.
	Model llm.Model
	// Store defaults to SQLite at Config.DB. The agent closes it.
	Store checkpoint.Store
	// Tools are added to the four of the pack.
	Tools []tool.Tool
	// Logger gets warnings about what is away or failing. Nil discards them.
	Logger *slog.Logger
	// Registerer gets the ragline_agent metrics. Nil keeps them to the agent.
	Registerer prometheus.Registerer
	// Now defaults to time.Now.
	Now func() time.Time
}

// Agent accepts queries and runs them.
type Agent struct {
	cfg      Config
	deps     Deps
	store    *notifying
	index    *retrieval.Index
	servers  *mcp.Set
	engine   *graph.Engine
	backend  *backend.Backend
	schedule *schedule
	crew     *crew
	outbox   *outbox
	chunks   *chunks
	metrics  *metrics
	running  sync.Map // cancel functions by run id
	ready    chan struct{}
	close    sync.Once
	closeErr error
}

// New opens the store and takes up the runs that are not finished. It does not connect.
func New(cfg Config, deps Deps) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps, err := complete(cfg, deps)
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, deps: deps, ready: make(chan struct{}), schedule: newSchedule(cfg.Backlog, cfg.TenantSlots)}
	if a.metrics, err = newMetrics(deps.Registerer, a.schedule); err != nil {
		return nil, errors.Join(err, deps.Store.Close())
	}
	a.crew = newCrew(deps.Store, cfg.Lease)
	a.outbox = newOutbox(deps.Store, deps.Broker, a.crew, deps.Logger, a.metrics)
	a.store = &notifying{Store: deps.Store, notify: a.outbox.notify}
	a.chunks = newChunks(deps.Broker, deps.Now)
	if err := a.open(); err != nil {
		return nil, errors.Join(err, deps.Store.Close())
	}
	return a, nil
}

func complete(cfg Config, deps Deps) (Deps, error) {
	if deps.Broker == nil || deps.Pack == nil {
		return deps, errors.New("opening agent: Deps.Broker and Deps.Pack are required")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Registerer == nil {
		deps.Registerer = prometheus.NewRegistry()
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	var err error
	if deps.Model == nil {
		if deps.Model, err = provider.New(cfg.LLM, deps.Pack, deps.Logger); err != nil {
			return deps, err
		}
	}
	if deps.Store == nil {
		if cfg.DB == "" {
			return deps, errNoDB
		}
		deps.Store, err = openStore(context.Background(), cfg.DB)
	}
	return deps, err
}

// openStore opens a Postgres database by its URL, or a SQLite file by its path.
func openStore(ctx context.Context, db string) (checkpoint.Store, error) {
	if strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://") {
		return checkpoint.OpenPostgres(ctx, db)
	}
	return checkpoint.OpenSQLite(ctx, db)
}

func (a *Agent) open() error {
	var err error
	if a.servers, err = mcp.Open(a.cfg.MCP, a.deps.Logger); err != nil {
		return err
	}
	if a.index, err = retrieval.NewIndex(); err != nil {
		return err
	}
	prices, err := price.Builtin()
	if err != nil {
		return err
	}
	tools := append([]tool.Tool{
		tool.Search(a.index), tool.Lookup(a.deps.Pack), tool.Quotation(a.deps.Pack), tool.Enquiry(),
	}, a.deps.Tools...)
	loop := react.New(react.Deps{
		Config: a.cfg.React, Model: a.deps.Model, Tools: func() []tool.Tool { return slices.Concat(tools, a.servers.Tools()) }, Prices: prices,
		System: a.deps.Pack.Prompts["system"], NotFound: a.deps.Pack.NotFound,
		Reviews: a.cfg.Reviews == "on", Receipt: a.store.Receipt, Commit: a.store.Commit, Stream: a.say, Now: a.deps.Now,
	})
	a.engine, err = graph.NewEngine(loop, a.store, graph.Config{Now: a.deps.Now})
	if err != nil {
		return err
	}
	a.backend = backend.New(backend.Deps{
		Store: a.store, Engine: a.engine, Agent: direct{a}, Tenant: threadKey("", ""), GraphID: GraphID, Now: a.deps.Now,
	})
	return a.takeUp(context.Background())
}

// Topics are those that Handler is to be given.
func Topics() []string { return []string{topic.Queries, topic.Reviews} }

// Handler accepts queries and review decisions. It may be used before Run.
func (a *Agent) Handler() stream.Handler {
	return stream.Route(group, stream.On(a.onQuery), stream.On(a.onReview))
}

// Ready is closed when the index has caught up with the documents and runs begin.
func (a *Agent) Ready() <-chan struct{} { return a.ready }

// Run follows the documents, works on runs and publishes until ctx ends. It must be called once only.
// Runs that are under way then go on at the next start, from their last super-step.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.chunks.open(); err != nil {
		return err
	}
	defer a.chunks.close()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.follow(ctx) })
	g.Go(func() error { return a.outbox.run(ctx) })
	g.Go(func() error { a.refill(ctx); return nil })
	g.Go(func() error { a.retain(ctx); return nil })
	tools := make(chan struct{}) // a run must find the tools that it began with
	g.Go(func() error { a.servers.Run(ctx, func() { close(tools) }); return nil })
	g.Go(func() error { a.keep(ctx); return nil })
	models := a.followModels(ctx, g)
	for range a.cfg.Slots {
		g.Go(func() error {
			for _, ready := range []<-chan struct{}{a.ready, tools, models} {
				select {
				case <-ctx.Done():
					return nil
				case <-ready:
				}
			}
			a.work(ctx)
			return nil
		})
	}
	return g.Wait()
}

// followModels lets a model that depends on the log follow it. Runs wait until it knows what the log says by now.
func (a *Agent) followModels(ctx context.Context, g *errgroup.Group) <-chan struct{} {
	ready := make(chan struct{})
	m, ok := a.deps.Model.(interface {
		Run(ctx context.Context, b *broker.Broker, ready func()) error
	})
	if !ok {
		close(ready)
		return ready
	}
	g.Go(func() error { return m.Run(ctx, a.deps.Broker, func() { close(ready) }) })
	return ready
}

// follow keeps the index up to date. A broker that is away is waited for.
func (a *Agent) follow(ctx context.Context) error {
	var once sync.Once
	wait := broker.Backoff()
	for {
		err := a.index.Follow(ctx, a.deps.Broker, func() { once.Do(func() { close(a.ready) }) })
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		a.deps.Logger.Warn("following documents was interrupted, starting again", "error", err)
		pause(ctx, wait.NextBackOff())
	}
}

// Close closes the store and the index. Call it after Run has returned. It may be called twice.
func (a *Agent) Close() error {
	a.close.Do(func() { a.closeErr = errors.Join(a.store.Close(), a.index.Close()) })
	return a.closeErr
}

// pause waits, or until ctx ends: the loops that call it look at ctx themselves.
func pause(ctx context.Context, d time.Duration) { _ = broker.Pause(ctx, d) }

// notifying tells the outbox about commits with messages.
type notifying struct {
	checkpoint.Store
	notify func()
}

func (s *notifying) Commit(ctx context.Context, c checkpoint.Commit) error {
	err := s.Store.Commit(ctx, c)
	if err == nil && len(c.Messages) > 0 {
		s.notify()
	}
	return err
}
