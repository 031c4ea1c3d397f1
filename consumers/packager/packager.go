package packager

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// pingLimit bounds the question whether Ollama is there.
const pingLimit = 5 * time.Second

// Packager packages the models of all series.
type Packager struct {
	cfg    Config
	broker *broker.Broker
	ollama *ollama.Client
	logger *slog.Logger
	// reached is called after each step; tests end the process there.
	reached func(step string)
}

// New returns a packager. It sends nothing to anyone.
func New(cfg Config, b *broker.Broker, logger *slog.Logger) (*Packager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Dir == "" {
		return nil, ErrNoDir
	}
	client, err := ollama.New(cfg.OllamaHost)
	if err != nil {
		return nil, err
	}
	return &Packager{cfg: cfg, broker: b, ollama: client, logger: logger, reached: func(string) {}}, nil
}

// Close gives connections back.
func (p *Packager) Close() { p.ollama.Close() }

// Options of one packaging.
type Options struct {
	// Quantization asks for exactly this one. Empty: the configured one, or what comes nearest here.
	Quantization string
	// Progress tells of each step. done and total are bytes; both are 0 where a step does not count.
	Progress func(step string, done, total int64)
}

func (o Options) report(step string, done, total int64) {
	if o.Progress != nil {
		o.Progress(step, done, total)
	}
}

// Package packages a trained model and says what to announce. It announces nothing. Its error is a *Failure, or the
// end of ctx. What is finished already is not done again.
func (p *Packager) Package(ctx context.Context, trained *event.ModelTrained, opts Options) (*event.ModelPackaged, error) {
	packaged, err := p.pack(ctx, trained, opts)
	return packaged, classify(ctx, err)
}

func (p *Packager) pack(ctx context.Context, trained *event.ModelTrained, opts Options) (*event.ModelPackaged, error) {
	if !safeName(trained.GetModel()) || !safeName(trained.GetVersion()) {
		return nil, fail(ReasonAdapterMissing, "train again", "the names %q and %q are no folders", trained.GetModel(), trained.GetVersion())
	}
	f := p.cfg.folder(trained.GetModel(), trained.GetVersion())
	opts.report("waiting for another packaging", 0, 0)
	unlock, err := p.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	a, err := readAdapter(trained)
	if err != nil {
		return nil, err
	}
	serve, err := p.serves(ctx)
	if err != nil {
		return nil, err
	}
	b := build{Packager: p, folder: f, adapter: a, trained: trained, opts: opts, serve: serve}
	pkg, err := b.files(ctx)
	if err != nil {
		return nil, err
	}
	if !serve {
		return pkg.event("", 0), nil
	}
	parity, err := b.register(ctx, pkg)
	if err != nil {
		return nil, err
	}
	return pkg.event(servedName(trained), parity), nil
}

// serves says whether to register in Ollama: an error where it has to be there and is not.
func (p *Packager) serves(ctx context.Context) (bool, error) {
	if p.cfg.Ollama == OllamaOff {
		return false, nil
	}
	err := p.ping(ctx)
	if p.cfg.Ollama == OllamaAuto && ctx.Err() == nil {
		return err == nil, nil
	}
	return err == nil, err
}

func (p *Packager) ping(ctx context.Context) error {
	_, err := version(ctx, p.ollama)
	return err
}

// OllamaVersion asks Ollama for its version, for people who want to know whether it is there.
func OllamaVersion(ctx context.Context, cfg Config) (string, error) {
	client, err := ollama.New(cfg.OllamaHost)
	if err != nil {
		return "", err
	}
	defer client.Close()
	return version(ctx, client)
}

func version(ctx context.Context, client *ollama.Client) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	v, err := client.Version(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return "", fmt.Errorf("%w within %s", ollama.ErrUnreachable, pingLimit)
	}
	return v, err
}

func servedName(e *event.ModelTrained) string {
	return "ragline-" + e.GetModel() + ":" + e.GetVersion()
}

// safeName says whether a name is one folder and a part of a name in Ollama.
func safeName(name string) bool {
	if name == "" || len(name) > 63 || name[0] == '.' || name[0] == '-' {
		return false
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
