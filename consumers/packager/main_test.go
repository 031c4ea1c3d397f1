package packager

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/producers/broker"
)

func TestMain(m *testing.M) {
	if os.Getenv(dieEnv) != "" {
		os.Exit(die())
	}
	goleak.VerifyTestMain(m)
}

func config(t *testing.T, host string) Config {
	t.Helper()
	return Config{Dir: t.TempDir(), Quantization: "q8_0", Ollama: OllamaOn, OllamaHost: host, MergeBase: "original", Retry: time.Millisecond}
}

func newPackager(t *testing.T, cfg Config, b *broker.Broker) *Packager {
	t.Helper()
	p, err := New(cfg, b, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}
