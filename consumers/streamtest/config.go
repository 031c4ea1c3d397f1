package streamtest

import (
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
)

// Config returns the default configuration with short waits, so that a member that joins or leaves is noticed soon.
func Config(t testing.TB) stream.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[stream.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	cfg.RetryMin, cfg.RetryMax = time.Millisecond, 10*time.Millisecond
	cfg.CommitInterval = 5 * time.Millisecond
	cfg.BatchLinger = 20 * time.Millisecond
	cfg.ShutdownTimeout = 10 * time.Second
	cfg.SessionTimeout = 5 * time.Second
	cfg.TraceSample = 0 // a test that counts spans counts those of its consumer
	return cfg
}

// Deps returns what a consumer is given, for a broker of a test.
func Deps(b *broker.Broker) stream.Deps { return stream.Deps{Broker: b, Version: "test"} }
