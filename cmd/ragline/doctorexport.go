package main

import (
	"context"
	"strings"

	"github.com/ragline/ragline/consumers/exporter"
)

// checkBackends asks each observability backend that is somewhere else for its version, with its key.
func (c *cli) checkBackends(ctx context.Context) []finding {
	checked, err := exporter.Check(ctx, c.cfg.Exporter)
	if err != nil {
		return []finding{{"export", levelFailed, err.Error(), "set OBSERVABILITY_BACKEND"}}
	}
	var found []finding
	for _, b := range checked {
		if b.Err != nil {
			found = append(found, finding{b.Backend, levelFailed, b.Err.Error(), "check the settings that begin with " + strings.ToUpper(b.Backend) + "_ (OTEL_EXPORTER_OTLP_ for otlp)"})
			continue
		}
		found = append(found, finding{Check: b.Backend, Level: levelOK, Detail: b.Found})
	}
	return found
}
