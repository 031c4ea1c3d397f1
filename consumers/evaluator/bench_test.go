package evaluator

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

// BenchmarkAnswer is one answer of 80 words against a context of 1,000 words.
func BenchmarkAnswer(b *testing.B) {
	pack, err := domain.Load(packDir)
	if err != nil {
		b.Fatal(err)
	}
	in := interaction()
	in.Answer = strings.Repeat("The emission test of API 622 runs 1,510 mechanical cycles with methane. The packing leaks at 450 C in air. ", 4)
	in.Sources = nil
	for range 5 {
		in.Sources = append(in.Sources, &event.Source{DocumentId: "d", Title: "API 622", Text: strings.Repeat(
			"The emission test of API 622 runs 1,510 mechanical cycles. The test gas is methane at 0 to 600 psi. "+
				"Graphite packing seals valve stems below the limits that the standard names for steam. ", 6)})
	}
	for _, bench := range []struct {
		name string
		pack *domain.Pack
	}{{"text", nil}, {"text and facts", pack}} {
		b.Run(bench.name, func(b *testing.B) {
			h, err := New(config(), bench.pack, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			e := event.New("bench", in)
			b.ReportAllocs()
			for b.Loop() {
				if err := h.Handle(b.Context(), e, &recorder{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
