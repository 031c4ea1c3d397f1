package stream

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the ragline_stream series of one consumer group. Consumers that share a registerer share the vectors.
type metrics struct {
	group string

	lagRecords, lagSeconds, paused       *prometheus.GaugeVec
	inFlight, inFlightBytes              *prometheus.GaugeVec
	attempts, outcomes, deadLetters      *prometheus.CounterVec
	rebalances, commitFailures, replayed *prometheus.CounterVec
	handleSeconds, publishSeconds        *prometheus.HistogramVec
	batchRecords, batchBytes             *prometheus.HistogramVec
}

// Outcomes of a record.
const (
	outcomeDone         = "done"
	outcomeSkipped      = "skipped"
	outcomeRetried      = "retried"
	outcomeDeadLettered = "dead_lettered"
	outcomeAbandoned    = "abandoned"
	// outcomeRefused: given up, and the broker took no dead letter of it either.
	outcomeRefused = "dead_letter_refused"
)

func newMetrics(group string, reg prometheus.Registerer) (*metrics, error) {
	r := registry{reg: reg}
	m := &metrics{
		group:          group,
		lagRecords:     r.gauge("lag_records", "Records of a partition that are not finished.", "topic", "partition"),
		lagSeconds:     r.gauge("lag_seconds", "Age of the oldest fetched record of a partition that is not finished.", "topic", "partition"),
		paused:         r.gauge("paused_partitions", "Partitions that are not fetched because too much is under way."),
		inFlight:       r.gauge("in_flight_records", "Records that are fetched and not finished."),
		inFlightBytes:  r.gauge("in_flight_bytes", "Bytes of records that are fetched and not finished."),
		attempts:       r.counter("attempts_total", "Calls of a handler.", "topic"),
		outcomes:       r.counter("outcomes_total", "Results of calls of a handler, and records that were skipped.", "topic", "outcome"),
		deadLetters:    r.counter("dead_letters_total", "Records that were given up.", "topic", "reason"),
		rebalances:     r.counter("rebalances_total", "Changes of the assignment.", "kind"),
		commitFailures: r.counter("commit_failures_total", "Offset commits that failed and were tried again."),
		replayed:       r.counter("replayed_batches_total", "Announced batches that were handed over again."),
		handleSeconds:  r.histogram("handle_seconds", "Time in a handler.", prometheus.ExponentialBuckets(0.0005, 4, 10)),
		publishSeconds: r.histogram("publish_seconds", "Time from a handler's return to the ack of what it emitted.", prometheus.ExponentialBuckets(0.0005, 4, 10)),
		batchRecords:   r.histogram("batch_records", "Records in a batch.", prometheus.ExponentialBuckets(1, 4, 9)),
		batchBytes:     r.histogram("batch_bytes", "Bytes in a batch.", prometheus.ExponentialBuckets(256, 4, 10)),
	}
	return m, r.err
}

// forget removes the series of a partition that is no longer this member's.
func (m *metrics) forget(topic string, partition int32) {
	p := strconv.Itoa(int(partition))
	m.lagRecords.DeleteLabelValues(m.group, topic, p)
	m.lagSeconds.DeleteLabelValues(m.group, topic, p)
}

func (m *metrics) lag(topic string, partition int32, records int64, seconds float64) {
	p := strconv.Itoa(int(partition))
	m.lagRecords.WithLabelValues(m.group, topic, p).Set(float64(max(records, 0)))
	m.lagSeconds.WithLabelValues(m.group, topic, p).Set(max(seconds, 0))
}

// registry registers vectors, or finds the ones that another consumer registered.
type registry struct {
	reg prometheus.Registerer
	err error
}

func (r *registry) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "ragline", Subsystem: "stream", Name: name, Help: help}, withGroup(labels)))
}

func (r *registry) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "ragline", Subsystem: "stream", Name: name, Help: help}, withGroup(labels)))
}

func (r *registry) histogram(name, help string, buckets []float64) *prometheus.HistogramVec {
	return register(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "ragline", Subsystem: "stream", Name: name, Help: help, Buckets: buckets}, withGroup(nil)))
}

func withGroup(labels []string) []string { return append([]string{"group"}, labels...) }

func register[C prometheus.Collector](r *registry, c C) C {
	err := r.reg.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if have, ok := already.ExistingCollector.(C); ok {
			return have
		}
	}
	r.err = errors.Join(r.err, err)
	return c
}
