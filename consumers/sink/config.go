package sink

import (
	"fmt"
	"strings"
)

// Config of the sink.
type Config struct {
	Cluster string `env:"RAGLINE_SINK_CLUSTER" envDefault:"ragline" doc:"Name of the Kafka cluster within deduplication tokens: sinks of two clusters that fill one database need two names. Allowed: 1 to 100 letters, digits, dots, dashes, underscores."`
}

// Validate reports a name that would make tokens ambiguous.
func (c Config) Validate() error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	if c.Cluster == "" || len(c.Cluster) > 100 || strings.Trim(c.Cluster, allowed) != "" {
		return fmt.Errorf("RAGLINE_SINK_CLUSTER is %q, but must be 1 to 100 letters, digits, dots, dashes, underscores", c.Cluster)
	}
	return nil
}
