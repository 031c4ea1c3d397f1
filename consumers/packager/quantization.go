package packager

import (
	"errors"

	"github.com/ragline/ragline/consumers/packager/quantize"
)

// chosen is a quantization with who makes it.
type chosen struct {
	typ   quantize.Type
	route quantize.Route
}

// quantization is the one that was asked for, or the fallback where nothing here can make the configured one.
func (b *build) quantization() (chosen, error) {
	name := b.opts.Quantization
	if name == "" {
		name = b.cfg.Quantization
	}
	typ, err := quantize.Parse(name)
	if err != nil {
		return chosen{}, fail(ReasonQuantization, "", "%w", err)
	}
	route, err := quantize.Choose(typ, quantize.Routes{LlamaCPP: b.cfg.LlamaCPP, Ollama: b.serve})
	var unsupported *quantize.UnsupportedError
	if b.opts.Quantization != "" || !errors.As(err, &unsupported) {
		return chosen{typ, route}, err
	}
	return b.fallback(typ, err), nil
}

// fallback is what needs no tool.
func (b *build) fallback(t quantize.Type, why error) chosen {
	b.logger.Warn("quantization cannot be made here, another is made", "quantization", string(t), "made", string(quantize.Q8_0), "error", why)
	return chosen{quantize.Q8_0, quantize.RouteGo}
}
