package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// System is the parts that run in this process, on a Kafka and a ClickHouse that are reached by address.
type System struct {
	cfg      Config
	logger   *slog.Logger
	registry *prometheus.Registry
	broker   *broker.Broker
	pack     *domain.Pack
	gateway  string
	agentAPI string
	budget   *stream.Budget
}

// task is one running thing of a part.
type task struct {
	run func(ctx context.Context) error
	// ready are closed when the task does its work.
	ready []<-chan struct{}
}

// NewSystem reads what the parts share and waits for Kafka, so that the topics can be created.
func NewSystem(ctx context.Context, cfg Config, logger *slog.Logger) (*System, error) {
	cfg.Kafka = cfg.KafkaConfig()
	b, err := broker.New(cfg.Kafka, logger)
	if err != nil {
		return nil, err
	}
	pack, err := LoadPack(cfg)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s := &System{cfg: cfg, logger: logger, registry: registry, broker: b, pack: pack, budget: stream.NewBudget(cfg.Stream.BudgetBytes)}
	if err := b.Wait(ctx); err != nil {
		return nil, err
	}
	if err := b.EnsureTopics(ctx, s.topics()...); err != nil {
		return nil, err
	}
	return s, nil
}

// LoadPack reads the knowledge pack. One that is broken is a wrong setting.
func LoadPack(cfg Config) (*domain.Pack, error) {
	pack, err := domain.Load(cfg.General.DomainDir)
	if err != nil {
		return nil, fmt.Errorf("%w: RAGLINE_DOMAIN_DIR: %w", ErrConfig, err)
	}
	return pack, nil
}

// Broker is the way to Kafka.
func (s *System) Broker() *broker.Broker { return s.broker }

// Pack is the knowledge pack.
func (s *System) Pack() *domain.Pack { return s.pack }

// Gateway is the address that the gateway listens on, once the system is ready.
func (s *System) Gateway() string { return s.gateway }

// AgentAPI is the address of the agent's server, once the system is ready, or "" where there is none.
func (s *System) AgentAPI() string { return s.agentAPI }

// topics is the catalogue with the dead letters of every group, so that the sink can read them from the start.
func (s *System) topics() []topic.Topic {
	all := topic.All()
	for _, group := range s.groups() {
		t, _ := topic.Get(topic.DeadLetters(group))
		all = append(all, t)
	}
	return all
}

func (s *System) deps() stream.Deps {
	return stream.Deps{Broker: s.broker, Logger: s.logger, Registerer: s.registry, Budget: s.budget, Version: Version}
}

// Run runs the named parts until ctx ends or one of them fails, and returns when all have ended. ready is called
// once all of them do their work.
func (s *System) Run(ctx context.Context, names []string, ready func()) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tasks []task
	for _, p := range chosen {
		started, err := p.start(s)
		if err != nil {
			return fmt.Errorf("starting %s: %w", p.name, err)
		}
		for i := range started {
			started[i].run = named(p.name, started[i].run)
		}
		tasks = append(tasks, started...)
	}
	var all sync.WaitGroup
	for _, t := range tasks {
		all.Go(func() {
			if err := t.run(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	all.Go(func() {
		if waitReady(ctx, tasks) && ready != nil {
			ready()
		}
	})
	all.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func named(part string, run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := run(ctx); err != nil {
			return fmt.Errorf("running %s: %w", part, err)
		}
		return nil
	}
}

func waitReady(ctx context.Context, tasks []task) bool {
	for _, t := range tasks {
		for _, ready := range t.ready {
			select {
			case <-ready:
			case <-ctx.Done():
				return false
			}
		}
	}
	return true
}

// choose returns the parts with the names, all of them for no name.
func choose(names []string) ([]part, error) {
	if len(names) == 0 {
		return parts, nil
	}
	var chosen []part
	for _, name := range names {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: there is no consumer %q; there are %s", ErrConfig, name, strings.Join(PartNames(), ", "))
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// PartNames lists what can be run.
func PartNames() []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}
