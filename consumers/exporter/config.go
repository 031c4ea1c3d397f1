package exporter

import (
	"fmt"
	"slices"
	"strings"
)

// None in OBSERVABILITY_BACKEND turns the exporter off.
const None = "none"

// Config says where traces go.
type Config struct {
	// Backends are exported to side by side.
	Backends []string `env:"OBSERVABILITY_BACKEND" envDefault:"memory" doc:"Where spans, scores and feedback go, separated by commas. Allowed: memory, langfuse, langsmith, otlp, none."`
	// MaxEvents and MaxBytes bound one request.
	MaxEvents int `env:"RAGLINE_EXPORTER_MAX_EVENTS" envDefault:"500" doc:"Events in one request to a backend. Allowed: 1 to 10000."`
	MaxBytes  int `env:"RAGLINE_EXPORTER_MAX_BYTES" envDefault:"3000000" doc:"Bytes of events in one request to a backend; an event larger than that goes alone. Allowed: 1000 to 64000000."`

	Settings
}

// Validate reports the first setting that cannot work. Settings of backends that are not selected are not looked at.
func (c Config) Validate() error {
	if c.MaxEvents < 1 || c.MaxEvents > 10_000 {
		return fmt.Errorf("RAGLINE_EXPORTER_MAX_EVENTS=%d: allowed are 1 to 10000", c.MaxEvents)
	}
	if c.MaxBytes < 1000 || c.MaxBytes > 64_000_000 {
		return fmt.Errorf("RAGLINE_EXPORTER_MAX_BYTES=%d: allowed are 1000 to 64000000", c.MaxBytes)
	}
	selected, err := c.selected()
	if err != nil {
		return err
	}
	for _, b := range selected {
		opened, err := b.open(c.Settings, Deps{})
		if err != nil {
			return err
		}
		if err := shut(opened); err != nil {
			return err
		}
	}
	return nil
}

// selected returns the backends of OBSERVABILITY_BACKEND, each once.
func (c Config) selected() ([]backend, error) {
	var chosen []backend
	var names []string
	for _, name := range c.Backends {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || name == None || slices.Contains(names, name) {
			continue
		}
		i := slices.IndexFunc(backends(), func(b backend) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("OBSERVABILITY_BACKEND=%s: %q is unknown, allowed are %s and %s",
				strings.Join(c.Backends, ","), name, strings.Join(backendNames(), ", "), None)
		}
		names = append(names, name)
		chosen = append(chosen, backends()[i])
	}
	return chosen, nil
}
