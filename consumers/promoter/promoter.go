package promoter

import (
	"context"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/producers/broker"
)

const (
	// source stamps our events and namespaces their derived ids.
	source = "promoter"
	// stage is who rejects.
	stage = "promoter"
)

// Promoter judges the candidates of one series.
type Promoter struct {
	cfg     Config
	broker  *broker.Broker
	ollama  *ollama.Client
	logger  *slog.Logger
	view    *view
	publish *broker.Publisher
}

// New returns a promoter. It does not connect.
func New(cfg Config, b *broker.Broker, logger *slog.Logger) (*Promoter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client, err := ollama.New(cfg.Ollama)
	if err != nil {
		return nil, err
	}
	return &Promoter{cfg: cfg, broker: b, ollama: client, logger: logger, view: newView(cfg.Model)}, nil
}

// Run judges candidates until ctx ends. It must be called once only.
func (p *Promoter) Run(ctx context.Context) error {
	defer p.ollama.Close()
	publisher, err := p.broker.Publisher()
	if err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	p.publish = publisher
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return p.view.followModels(running, p.broker) })
	g.Go(func() error {
		return p.judge(running, func() { g.Go(func() error { return p.view.followAnswers(running, p.broker) }) })
	})
	g.Go(func() error { return p.tag(running) })
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// judge takes the candidates one after the other, the oldest first. The first one is what answers are followed for.
func (p *Promoter) judge(ctx context.Context, followAnswers func()) error {
	following := false
	for {
		changed := p.view.change()
		c, ok := p.view.candidate()
		if ok && !following {
			following = true
			followAnswers()
		}
		if ok && p.view.knowsAnswers() {
			if err := p.decide(ctx, c); err != nil {
				return err
			}
			continue
		}
		if err := wait(ctx, changed); err != nil {
			return err
		}
	}
}

// tag lets SERIES:latest follow the version that answers, for people who ask Ollama by themselves.
func (p *Promoter) tag(ctx context.Context) error {
	var tagged string
	backoff, told := broker.Backoff(), false
	for {
		changed := p.view.change()
		served := p.view.promoted().ServedName()
		if served == "" || served == tagged {
			if err := wait(ctx, changed); err != nil {
				return err
			}
			continue
		}
		err := p.ollama.Copy(ctx, served, "ragline-"+p.cfg.Model+":latest")
		if err == nil {
			tagged, told = served, false
			backoff.Reset()
			continue
		}
		if !told {
			told = true
			p.logger.Warn("the tag :latest is behind, trying on", "model", served, "error", err)
		}
		if err := broker.Pause(ctx, backoff.NextBackOff()); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
		return nil
	}
}
