package app

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/evaluator"
	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/packager"
	"github.com/ragline/ragline/consumers/promoter"
	"github.com/ragline/ragline/consumers/sink"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/topic"
)

// part is something that `ragline run` can start.
type part struct {
	name  string
	start func(s *System) ([]task, error)
}

// parts is the list. A new consumer is one line here.
var parts = []part{
	{"agent", startAgent},
	{"evaluator", startEvaluator},
	{"dataset", startDataset},
	{"trainer", startTrainer},
	{"packager", startPackager},
	{"promoter", startPromoter},
	{"exporter", startExporter},
	{"sink", startSink},
	{"gateway", startGateway},
}

func startAgent(s *System) ([]task, error) {
	a, err := agent.New(s.cfg.Agent, agent.Deps{Broker: s.broker, Pack: s.pack, Logger: s.logger, Registerer: s.registry})
	if err != nil {
		return nil, err
	}
	consumer, err := stream.NewConsumer(s.cfg.Stream, s.deps(), agent.Topics(), a.Handler())
	if err != nil {
		return nil, err
	}
	server, err := s.agentServer(a)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	// The store closes after the handlers: a query that is being accepted must not find it closed.
	run := func(ctx context.Context) error {
		all, ctx := errgroup.WithContext(ctx)
		all.Go(func() error { return a.Run(ctx) })
		all.Go(func() error { return consumer.Run(ctx) })
		all.Go(func() error { return server.run(ctx) })
		return errors.Join(all.Wait(), a.Close())
	}
	return []task{{run, []<-chan struct{}{a.Ready(), consumer.Ready(), server.ready}}}, nil
}

func startEvaluator(s *System) ([]task, error) {
	handler, err := evaluator.New(s.cfg.Evaluator, s.pack, s.logger)
	if err != nil {
		return nil, err
	}
	consumer, err := stream.NewConsumer(s.cfg.Stream, s.deps(), []string{topic.Interactions}, handler)
	if err != nil {
		return nil, err
	}
	return []task{{consumer.Run, []<-chan struct{}{consumer.Ready()}}}, nil
}

func startDataset(s *System) ([]task, error) {
	builder, err := dataset.New(s.cfg.Dataset, s.broker, s.pack, s.logger)
	if err != nil {
		return nil, err
	}
	return []task{{run: builder.Run}}, nil
}

func startPackager(s *System) ([]task, error) {
	p, err := packager.New(s.cfg.Packager, s.broker, s.logger)
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context) error {
		defer p.Close()
		return p.Run(ctx)
	}
	return []task{{run: run}}, nil
}

func startPromoter(s *System) ([]task, error) {
	p, err := promoter.New(s.cfg.Promoter, s.broker, s.logger)
	if err != nil {
		return nil, err
	}
	return []task{{run: p.Run}}, nil
}

// startTrainer leaves the trainer out where there is no base model: nothing else needs one.
func startTrainer(s *System) ([]task, error) {
	if s.cfg.Trainer.BaseModel == "" {
		s.logger.Debug("nothing is trained: set RAGLINE_TRAINER_BASE_MODEL to the folder of a base model")
		return nil, nil
	}
	t, err := trainer.New(s.cfg.Trainer, s.broker, s.logger)
	if err != nil {
		return nil, err
	}
	return []task{{run: t.Run}}, nil
}

func startExporter(s *System) ([]task, error) {
	exporters, err := exporter.New(s.cfg.Exporter, exporter.Deps{Broker: s.broker, Logger: s.logger, Registerer: s.registry, Version: Version})
	if err != nil {
		return nil, err
	}
	var tasks []task
	for _, x := range exporters {
		consumer, err := stream.NewBatchConsumer(x.Stream(s.cfg.Stream), s.deps(), x.Topics(), x)
		if err != nil {
			return nil, err
		}
		run := func(ctx context.Context) error { return errors.Join(consumer.Run(ctx), x.Close()) }
		tasks = append(tasks, task{run, []<-chan struct{}{consumer.Ready()}})
	}
	return tasks, nil
}

// startSink leaves the sink out where there is no ClickHouse: the log holds what it would have stored.
func startSink(s *System) ([]task, error) {
	if s.cfg.ClickHouse.URL == "" {
		return nil, nil
	}
	w, err := warehouse.Open(s.cfg.ClickHouse, s.logger)
	if err != nil {
		return nil, err
	}
	handler := sink.New(s.cfg.Sink, w, s.logger)
	consumer, err := stream.NewBatchConsumer(s.cfg.Stream, s.deps(), sink.Topics(s.groups()...), handler)
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context) error {
		defer w.Close()
		if err := sink.Prepare(ctx, w, s.broker, s.cfg.Stream.SessionTimeout, s.logger); err != nil {
			return err
		}
		return consumer.Run(ctx)
	}
	// It does not hold up the others: while ClickHouse is away the log keeps what the sink will store.
	return []task{{run: run}}, nil
}

func startGateway(s *System) ([]task, error) {
	ready := make(chan struct{})
	run := func(ctx context.Context) error {
		cfg := sdk.Config{Tenant: s.cfg.General.Tenant, Source: "ragline/gateway", Mask: s.cfg.Mask}
		client, err := sdk.Open(ctx, cfg, sdk.WithBroker(s.broker), sdk.WithLogger(s.logger))
		if err != nil {
			return err
		}
		defer client.Close()
		g, err := gateway.New(s.cfg.Gateway, gateway.Deps{Client: client, Logger: s.logger, Registerer: s.registry, Gatherer: s.registry})
		if err != nil {
			return err
		}
		if err := g.Listen(ctx); err != nil {
			return err
		}
		s.gateway = g.Addr()
		close(ready)
		return g.Run(ctx)
	}
	return []task{{run, []<-chan struct{}{ready}}}, nil
}

// groups lists the consumer groups that may give records up.
func (s *System) groups() []string {
	groups := []string{"agent", s.cfg.Evaluator.Group}
	for _, backend := range s.cfg.Exporter.Backends {
		if name := strings.ToLower(strings.TrimSpace(backend)); name != "" && name != exporter.None {
			groups = append(groups, exporter.GroupPrefix+name)
		}
	}
	return groups
}
