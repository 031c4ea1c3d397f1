package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/mask"
)

// maxBuffered bounds the bytes that wait for Kafka: while it is away callers come and go, and what they left is not
// given up at once.
const maxBuffered = 128 << 20

// Client publishes events and receives answers. Open returns one; it is safe for concurrent use.
type Client struct {
	cfg       Config
	logger    *slog.Logger
	broker    *broker.Broker
	publisher *broker.Publisher
	masker    *mask.Masker
	admin     *kgo.Client
	desk      *desk
	listener  listener

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	once   sync.Once
}

// Option changes how a Client works.
type Option func(*Client)

// WithLogger tells the client where to report that it lost the answers' topics and found them again. Without it
// the client is silent.
func WithLogger(logger *slog.Logger) Option { return func(c *Client) { c.logger = logger } }

// WithBroker gives the client a way to Kafka that the program already has. Config.Kafka is ignored then.
func WithBroker(b *broker.Broker) Option { return func(c *Client) { c.broker = b } }

// Open connects to Kafka and returns a client. It fails when the configuration cannot work or when no broker answers
// before ctx ends. The caller closes the client; ctx is for opening only.
func Open(ctx context.Context, cfg Config, opts ...Option) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	masker, err := mask.New(cfg.Mask)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, masker: masker, logger: slog.New(slog.DiscardHandler), desk: newDesk(cfg.RecentAnswers)}
	c.listener.starting = make(chan struct{}, 1)
	for _, opt := range opts {
		opt(c)
	}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

func (c *Client) connect(ctx context.Context) error {
	var err error
	if c.broker == nil {
		if c.broker, err = broker.New(c.cfg.Kafka, c.logger); err != nil {
			return err
		}
	}
	if c.admin, err = c.broker.Client(); err != nil {
		return err
	}
	if err := c.Ping(ctx); err != nil {
		c.admin.Close()
		return err
	}
	if c.publisher, err = c.broker.Publisher(kgo.MaxBufferedBytes(maxBuffered)); err != nil {
		c.admin.Close()
		return err
	}
	return nil
}

// Tenant is the tenant of the events that the client publishes.
func (c *Client) Tenant() string { return c.cfg.Tenant }

// Ping reports whether a broker answers before ctx ends.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.admin.Ping(ctx); err != nil {
		return fmt.Errorf("reaching Kafka at %v: %w; start one with `ragline up`, or set KAFKA_BROKERS", c.broker.Addrs(), err)
	}
	return nil
}

// Close ends every Ask that still waits (with ErrClosed), stops reading answers and disconnects. It waits for the
// client's goroutines. Calling it again does nothing. The error is always nil.
func (c *Client) Close() error {
	c.once.Do(func() {
		c.cancel()
		c.listener.close()
		c.work.Wait()
		c.publisher.Close()
		c.admin.Close()
	})
	return nil
}
