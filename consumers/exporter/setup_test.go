package exporter_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := child(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

type bundle struct {
	cluster   *streamtest.Cluster
	collector *otlptest.Collector
	registry  *prometheus.Registry
	exporters []*exporter.Exporter
	clock     *clock
}

// clock is the time of the exporters, which tests set forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// setup opens the exporters of OBSERVABILITY_BACKEND against a fake Kafka and a strict collector.
func setup(t *testing.T, backends string, settings ...string) *bundle {
	t.Helper()
	b := &bundle{cluster: streamtest.NewCluster(t), collector: otlptest.New(t), registry: prometheus.NewRegistry(), clock: &clock{}}
	settings = append([]string{"OBSERVABILITY_BACKEND=" + backends, "OTEL_EXPORTER_OTLP_ENDPOINT=" + b.collector.URL()}, settings...)
	var err error
	b.exporters, err = exporter.New(config(t, settings...), exporter.Deps{Broker: b.cluster.Broker, Registerer: b.registry, Now: b.clock.now, Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, x := range b.exporters {
			require.NoError(t, x.Close())
		}
	})
	return b
}

func config(t *testing.T, settings ...string) exporter.Config {
	t.Helper()
	environment := map[string]string{}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		environment[name] = value
	}
	cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: environment})
	require.NoError(t, err)
	return cfg
}

// run consumes with every exporter and returns a function for each that stops it.
func (b *bundle) run(t *testing.T, changes ...func(*stream.Config)) (stops []func() error) {
	t.Helper()
	cfg := streamtest.Config(t)
	cfg.ShutdownTimeout = time.Second // a request that hangs is given up soon
	for _, change := range changes {
		change(&cfg)
	}
	for _, x := range b.exporters {
		c, err := stream.NewBatchConsumer(x.Stream(cfg), streamtest.Deps(b.cluster.Broker), x.Topics(), x)
		require.NoError(t, err)
		stops = append(stops, streamtest.Start(t, c.Run))
	}
	return stops
}

// handle hands records over as the runtime does.
func (b *bundle) handle(t *testing.T, batch stream.Batch) error {
	t.Helper()
	return b.exporters[0].HandleBatch(t.Context(), batch)
}

// batch is a range of one partition with these events.
func batch(t *testing.T, events ...event.Event) stream.Batch {
	t.Helper()
	b := stream.Batch{Topic: topic.Spans, From: 100, To: 100 + int64(len(events))}
	for i, e := range events {
		r, err := topic.Encode(e)
		require.NoError(t, err)
		r.Offset = 100 + int64(i)
		b.Records = append(b.Records, r)
	}
	return b
}

// arrived returns the ids of the spans that the collector has, repeats included.
func (b *bundle) arrived() []string {
	var ids []string
	for _, s := range b.collector.Spans() {
		ids = append(ids, hex.EncodeToString(s.GetSpanId()))
	}
	return ids
}

// letters returns the dead letters of a group.
func (b *bundle) letters(t *testing.T, group string) []stream.DeadLetter {
	t.Helper()
	var letters []stream.DeadLetter
	for _, r := range streamtest.ReadRecords(t, b.cluster.Broker, topic.DeadLetters(group)) {
		l, ok := stream.ParseDeadLetter(r)
		require.True(t, ok)
		letters = append(letters, l)
	}
	return letters
}

// metric returns a sample by its name and the value of any of its labels.
func (b *bundle) metric(t *testing.T, name, label string) int {
	t.Helper()
	families, err := b.registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == label {
					return int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
				}
			}
		}
	}
	return 0
}

func spanID(e event.Event) string { return e.Data.(*event.SpanEnded).GetSpanId() }

func spanIDs(events []event.Event) []string {
	var ids []string
	for _, e := range events {
		ids = append(ids, spanID(e))
	}
	return ids
}
