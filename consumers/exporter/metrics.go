package exporter

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	events         *prometheus.CounterVec
	unnamed        *prometheus.CounterVec
	blocked        *prometheus.GaugeVec
	open           *prometheus.GaugeVec
	held           *prometheus.GaugeVec
	requestSeconds *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	if registerer == nil {
		registerer = prometheus.NewRegistry()
	}
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ragline_exporter_events_total",
			Help: "Events by kind and outcome: exported, found (the backend had it already), sent_again (it may have it already and cannot be asked), rejected (dead-lettered), dead_letter_refused (rejected, and too large even for a dead letter), skipped_REASON (not an event; the sink has it raw).",
		}, []string{"group", "kind", "outcome"}),
		unnamed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ragline_exporter_dropped_total",
			Help: "Events that a backend dropped from an accepted request without saying which.",
		}, []string{"group"}),
		blocked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "ragline_exporter_blocked",
			Help: "1 while a backend refuses our key or address; offsets are held until a person acts.",
		}, []string{"group"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "ragline_exporter_breaker_open",
			Help: "1 while no request is sent to a backend because the last ones failed.",
		}, []string{"group"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "ragline_exporter_held_bytes",
			Help: "Bytes of the records that a backend has not settled yet: a batch of each partition at most, however long it is away.",
		}, []string{"group"}),
		requestSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ragline_exporter_request_seconds",
			Help:    "Duration of requests to backends.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"group"}),
	}
	for _, c := range []prometheus.Collector{m.events, m.unnamed, m.blocked, m.open, m.held, m.requestSeconds} {
		if err := registerer.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) count(group, kind, outcome string, n int) {
	m.events.WithLabelValues(group, kind, outcome).Add(float64(n))
}
