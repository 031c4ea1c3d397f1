package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkCheckAnswer(b *testing.B) {
	p, err := loadPack()
	require.NoError(b, err)
	for _, answer := range []struct{ name, text string }{
		{"three sentences", "The emission test of API 622 runs 1,510 mechanical cycles with methane at 0 to 600 psi. " +
			"It takes packing at temperatures from -29 to 538 C, which is the range of most refineries. " +
			"Whole valves are tested to API 624 with 310 mechanical and 3 thermal cycles and may leak at most 100 ppmv."},
		{"three sentences that deny", "API 624 does not cover quarter-turn valves, ball valves or valves above NPS 24. " +
			"It does not run 1,510 mechanical cycles, but 310. " +
			"Graphite packing must not be used in air above 450 C, and it cannot be inhibited beyond that limit."},
		{"three sentences about nothing", "Please tell me which pump, which medium and which temperature you have in mind. " +
			"With that I can look for a fitting product in the price list. " +
			"Delivery takes longer in winter, so ask early for the larger sizes."},
	} {
		b.Run(answer.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Facts.Check(answer.text)
			}
		})
	}
}

// BenchmarkCheckSentence is the mean of the sentences of the fact table.
func BenchmarkCheckSentence(b *testing.B) {
	p, err := loadPack()
	require.NoError(b, err)
	rows := p.Facts.Rows()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Facts.Check(rows[i%len(rows)].Text)
	}
}

func BenchmarkLookup(b *testing.B) {
	p, err := loadPack()
	require.NoError(b, err)
	for _, query := range []struct{ name, text string }{
		{"named", "How many mechanical cycles does API 622 run?"},
		{"not named", "What is the largest leak that the standard for low emission valves accepts in service?"},
	} {
		b.Run(query.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Facts.Lookup(query.text)
			}
		})
	}
}
