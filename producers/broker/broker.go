package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Broker opens clients to one Kafka cluster. It holds no connection itself.
type Broker struct {
	cfg    Config
	base   []kgo.Opt
	logger *slog.Logger
}

// New checks the configuration and reads its certificate files. It does not connect.
func New(cfg Config, logger *slog.Logger) (*Broker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.Brokers) == 0 {
		return nil, fmt.Errorf("KAFKA_BROKERS is empty: name at least one host:port")
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(cfg.Brokers...),
		kgo.ClientID("ragline"),
		// Events of ours may be as large as Decode accepts, plus key and headers.
		kgo.ProducerBatchMaxBytes(1<<20 + 1<<16),
		kgo.RetryBackoffFn(retryBackoff),
		// A missing topic is an error after this many tries, not an endless wait.
		kgo.UnknownTopicRetries(5),
	}
	secure, err := securityOpts(cfg)
	if err != nil {
		return nil, err
	}
	return &Broker{cfg: cfg, base: append(opts, secure...), logger: logger}, nil
}

// Addrs returns the bootstrap addresses.
func (b *Broker) Addrs() []string { return append([]string(nil), b.cfg.Brokers...) }

// Client returns a new client with the cluster's options and opts. The caller closes it.
func (b *Broker) Client(opts ...kgo.Opt) (*kgo.Client, error) {
	// Fresh for each client: NewClient writes into the codecs of this option, a race when two clients share it.
	all := []kgo.Opt{kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression())}
	cl, err := kgo.NewClient(append(append(all, b.base...), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("opening Kafka client: %w", err)
	}
	return cl, nil
}

// Wait blocks until a broker answers or ctx ends. It warns once when Kafka is away and says so when it is back.
func (b *Broker) Wait(ctx context.Context) error {
	cl, err := b.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	warned := false
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		err := cl.Ping(try)
		if err != nil && !warned {
			warned = true
			b.logger.Warn("Kafka is not reachable, waiting for it", "brokers", b.cfg.Brokers, "error", err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(Backoff()), backoff.WithMaxElapsedTime(0))
	if err != nil {
		return fmt.Errorf("waiting for Kafka at %v: %w", b.cfg.Brokers, err)
	}
	if warned {
		b.logger.Info("Kafka is reachable again", "brokers", b.cfg.Brokers)
	}
	return nil
}

// Backoff is the wait between tries against something that is away: 100 ms doubling to 10 s, with jitter.
func Backoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 100 * time.Millisecond
	b.Multiplier = 2
	b.MaxInterval = 10 * time.Second
	return b
}

// retryBackoff keeps reconnects quick: an embedded broker is back within a second.
func retryBackoff(tries int) time.Duration {
	return min(50*time.Millisecond<<min(tries, 6), 2*time.Second)
}

func securityOpts(cfg Config) ([]kgo.Opt, error) {
	var opts []kgo.Opt
	if cfg.TLS || cfg.TLSCAFile != "" || cfg.TLSCertFile != "" {
		conf, err := tlsConfig(cfg)
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(conf))
	}
	switch cfg.SASLMechanism {
	case "PLAIN":
		opts = append(opts, kgo.SASL(plain.Auth{User: cfg.SASLUser, Pass: cfg.SASLPassword}.AsMechanism()))
	case "SCRAM-SHA-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: cfg.SASLUser, Pass: cfg.SASLPassword}.AsSha256Mechanism()))
	case "SCRAM-SHA-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: cfg.SASLUser, Pass: cfg.SASLPassword}.AsSha512Mechanism()))
	}
	return opts, nil
}

func tlsConfig(cfg Config) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.TLSCAFile != "" {
		pem, err := os.ReadFile(cfg.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("reading KAFKA_TLS_CA_FILE: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading KAFKA_TLS_CA_FILE %s: no certificate in it", cfg.TLSCAFile)
		}
	}
	if cfg.TLSCertFile != "" {
		cert, err := tls.LoadX509KeyPair(cfg.TLSCertFile, cfg.TLSKeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading KAFKA_TLS_CERT_FILE: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}
