package agent

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the agent.
type metrics struct {
	runs      *prometheus.CounterVec
	published prometheus.Counter
	readBack  prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *schedule) (*metrics, error) {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ragline_agent_runs_total", Help: "Runs that have ended, by status: done or failed.",
		}, []string{"status"}),
		published: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ragline_agent_outbox_published_total", Help: "Messages of the outbox that were published.",
		}),
		readBack: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ragline_agent_outbox_read_back_total", Help: "Messages of the outbox that were found published after a crash or an error.",
		}),
	}
	gauge := func(name, help string, read func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(read()) })
	}
	collectors := []prometheus.Collector{
		m.runs, m.published, m.readBack,
		gauge("ragline_agent_runs_waiting", "Runs in memory that wait for a slot or a person; beyond RAGLINE_AGENT_BACKLOG more may wait in the store.", func() int { n, _ := s.counts(); return n }),
		gauge("ragline_agent_runs_active", "Runs that have a slot.", func() int { _, n := s.counts(); return n }),
	}
	var errs []error
	for _, c := range collectors {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("registering metrics of the agent: %w", err)
	}
	return m, nil
}
