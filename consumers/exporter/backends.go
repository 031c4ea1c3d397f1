package exporter

import (
	"github.com/ragline/ragline/consumers/exporter/langfuse"
	"github.com/ragline/ragline/consumers/exporter/langsmith"
	"github.com/ragline/ragline/consumers/exporter/memory"
	"github.com/ragline/ragline/consumers/exporter/otlp"
	"github.com/ragline/ragline/consumers/exporter/trace"
)

// Settings are those of the backends. A new backend is a folder and two lines here: its settings and its entry.
type Settings struct {
	Memory    memory.Config
	LangFuse  langfuse.Config
	LangSmith langsmith.Config
	OTLP      otlp.Config
}

func backends() []backend {
	return []backend{
		{memory.Name, func(s Settings, _ Deps) (trace.Backend, error) { return memory.New(s.Memory) }},
		{langfuse.Name, func(s Settings, d Deps) (trace.Backend, error) {
			return langfuse.New(s.LangFuse, langfuse.Deps{Transport: d.Transport, Version: d.Version})
		}},
		{langsmith.Name, func(s Settings, d Deps) (trace.Backend, error) {
			return langsmith.New(s.LangSmith, langsmith.Deps{Transport: d.Transport, Version: d.Version})
		}},
		{otlp.Name, func(s Settings, d Deps) (trace.Backend, error) {
			return otlp.New(s.OTLP, otlp.Deps{Transport: d.Transport, Version: d.Version})
		}},
	}
}

// backend is an entry of the list. open checks the settings and does not connect.
type backend struct {
	name string
	open func(Settings, Deps) (trace.Backend, error)
}

func backendNames() []string {
	var names []string
	for _, b := range backends() {
		names = append(names, b.name)
	}
	return names
}
