package promoted

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Config of the models.
type Config struct {
	// Series names the models, Ollama is where they are served.
	Series, Ollama string
	Temperature    float64
	// MaxTokens bounds an answer: a small model may never come to an end.
	MaxTokens int
	// Timeout of one attempt at an answer, streaming included.
	Timeout  time.Duration
	Attempts int
	// Backoff is the wait before the second attempt. It doubles.
	Backoff time.Duration
}

// Models is the series. As a model it is the one of the moment.
type Models struct {
	cfg      Config
	client   *ollama.Client
	fallback llm.Model
	logger   *slog.Logger

	mu      sync.Mutex
	current string
}

// New returns the models. The fallback answers until one is promoted. It does not connect.
func New(cfg Config, fallback llm.Model, logger *slog.Logger) (*Models, error) {
	client, err := ollama.New(cfg.Ollama)
	if err != nil {
		return nil, err
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Models{cfg: cfg, client: client, fallback: fallback, logger: logger}, nil
}

// Run follows promotions until ctx ends. ready is called once, when the promotions up to now are known.
func (m *Models) Run(ctx context.Context, b *broker.Broker, ready func()) error {
	defer m.client.Close()
	var once sync.Once
	wait := broker.Backoff()
	for {
		r := registry.New()
		caught := false
		settle := func() {
			if caught {
				m.choose(r.Series(m.cfg.Series).Promoted)
			}
		}
		err := registry.Follow(ctx, b, func() {
			caught = true
			settle()
			once.Do(ready)
		}, func(e event.Event) {
			r.Take(e)
			settle()
		})
		if ctx.Err() != nil {
			return nil
		}
		m.logger.Warn("following promotions was interrupted, starting again", "error", err)
		_ = broker.Pause(ctx, wait.NextBackOff()) // its error is the end of ctx, which Follow reports
	}
}

func (m *Models) choose(v *registry.Version) {
	name := ""
	if v != nil {
		name = v.ServedName()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if name != m.current {
		m.current = name
		m.logger.Info("another model answers", "model", m.named(name).Name())
	}
}

// Choose returns the promoted model, or the fallback where there is none.
func (m *Models) Choose() llm.Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.named(m.current)
}

// Named returns a model of the series by its name, and for every other name the fallback.
func (m *Models) Named(name string) llm.Model { return m.named(name) }

func (m *Models) named(name string) llm.Model {
	if strings.HasPrefix(name, "ragline-"+m.cfg.Series+":") {
		return &served{name: name, client: m.client, cfg: m.cfg}
	}
	return m.fallback
}

// Name returns the name of the model of the moment.
func (m *Models) Name() string { return m.Choose().Name() }

// Generate lets the model of the moment answer.
func (m *Models) Generate(ctx context.Context, r llm.Request, onToken func(string)) (llm.Response, error) {
	return m.Choose().Generate(ctx, r, onToken)
}
