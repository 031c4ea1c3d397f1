package stream

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragline/ragline/producers/broker"
)

// Deps is what a consumer is given.
type Deps struct {
	// Broker is required.
	Broker *broker.Broker
	// Logger gets warnings about what is away or failing, once for each outage. Nil discards them.
	Logger *slog.Logger
	// Registerer gets the ragline_stream metrics; consumers may share one. Nil keeps them to the consumer.
	Registerer prometheus.Registerer
	// Budget bounds what the consumers that are given it hold together. With nil a consumer has Config.BudgetBytes
	// for itself.
	Budget *Budget
	// Version of the code, written into dead letters.
	Version string
}

func (d Deps) withDefaults() (Deps, error) {
	if d.Broker == nil {
		return d, errors.New("opening consumer: Deps.Broker is nil")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Registerer == nil {
		d.Registerer = prometheus.NewRegistry()
	}
	if d.Version == "" {
		d.Version = "unknown"
	}
	return d, nil
}
