package domain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
)

func TestTrueStatementsAreConfirmed(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for trap, texts := range map[string][]string{
		"celsius and fahrenheit": {
			"API 622 packings must suit temperatures between -20 °F and 1000 °F.",
			"API 622 packing must suit -29 to 538 °C (-20 to 1000 °F).",
			"The thermal cycles of API 624 go up to 500 F.",
			"Addendum 1 to API 622 adds a 24-hour hold at 1100 °F to the weight-loss test.",
			"API 622 packing must suit temperatures from −29 °C to 538 °C.",
			"API 622 packing must suit temperatures from minus 29 to 538 C.",
		},
		"pressures": {
			"API 641 does not apply below 100 psig.",
			"API 641 does not apply below 6.9 barg.",
			"API 641 applies to valves of at least 6.89 barg (100 psig).",
		},
		"thousands": {
			"Class CC3 means 100000 cycles.", "Class CC3 means 100 000 cycles.", "Class CC3 means 100,000 cycles.",
			"Class CC3 means 100\u202f000 cycles.",
		},
		"powers of ten": {
			"Class AH is limited to 1.78E-07 mbar l/s per mm of stem diameter.",
			"Class AH is limited to 1.78 x 10-7 mbar l/s per mm of stem diameter.",
			"Class AH is limited to 1.78×10⁻⁷ mbar·l/s per mm of stem diameter.",
			"Class AH is limited to 1.78 * 10^-7 mbar l/s.",
			"Class AH is limited to 1.78 × 10⁻⁷ mbar·l·s⁻¹·mm⁻¹.",
			"The old rule of TA Luft allowed 10⁻⁴ mbar·l/(s·m).",
		},
		"ppm and ppmv":                 {"API 624 accepts at most 100 ppm.", "Class AM allows no more than 50 ppmv."},
		"per metre and per millimetre": {"Class AH is limited to 1.78e-4 mbar l/(s m)."},
		"mechanical and thermal": {
			"API 624 runs 310 mechanical and 3 thermal cycles.",
			"API 624 has three thermal cycles and 310 mechanical cycles.",
			"The number of thermal cycles in API 624 is 3.",
			"In API 624 the mechanical cycles are 310, the thermal cycles are 3.",
		},
		"negation": {
			"API 624 does not cover ball valves.", "API 641 does not include repacking.",
			"API 622 does not run 310 cycles.", "API 622 runs 1,510 mechanical cycles, not 500 cycles.",
			"Graphite must not be used in air at 500 C.", "Graphite is not recommended above 450 C in air.",
			"No, 500 C is too hot for graphite in air.",
			"EPA Method 21 is a screening method; it cannot measure mass emission rates.",
			"A low-E valve is warranted not to leak more than 100 ppm for five years.",
		},
		"comparison": {
			"API 624 rejects leaks above 100 ppmv.", "Not above NPS 24: that is the reach of API 641.",
			"API 641 does not cover valves above NPS 24, above class 1500 or below 6.89 barg.",
			"Under subpart VV a leak is a reading of at least 10,000 ppm.",
			"A valve below 10,000 ppm is not a leak under subpart VV.",
		},
		"lists": {
			"The classes AM, BM and CM mean at most 50, 100 and 500 ppm.",
			"AM <= 50 ppm, BM <= 100 ppm, CM <= 500 ppm.",
			"CC1 20,000, CC2 60,000, CC3 100,000 cycles.",
			"CO1, CO2 and CO3 stand for 205, 1,500 and 2,500 cycles.",
		},
		"two entities": {
			"API 624 type-tests valves whose packing has passed API 622, with 310 mechanical cycles.",
			"API 622 runs 1,510 mechanical cycles while API 624 runs 310 mechanical cycles.",
			"API 624 runs 310 mechanical cycles and API 622 runs 1,510 mechanical cycles.",
			"Rising stem valves are tested to API 624 and quarter-turn valves to API 641.",
		},
		"subject carried on": {
			"API 622 tests packing in a fixture. It runs 1,510 mechanical cycles.",
			"API 624:\n- 310 mechanical cycles\n- at most 100 ppmv",
			"**API 624** accepts at most `100 ppmv` [api-624].",
			"| Standard | Cycles |\n|---|---|\n| API 622 | 1,510 mechanical cycles |\n| API 624 | 310 mechanical cycles |",
		},
	} {
		for _, text := range texts {
			t.Run(trap, func(t *testing.T) {
				t.Parallel()
				requireConfirmed(t, facts, text)
			})
		}
	}
}

func TestFalseStatementsAreContradicted(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for trap, texts := range map[string][]string{
		"celsius for fahrenheit":      {"The thermal cycles of API 624 go up to 260 F.", "Aramid packing is limited to 250 °F."},
		"bar for psig":                {"API 641 does not apply below 100 barg."},
		"power of ten":                {"Class AH is limited to 1.78e-5 mbar l/s per mm of stem diameter.", "Class AH is limited to 1.78e-7 mbar l/(s m)."},
		"mechanical for thermal":      {"API 624 runs 3 mechanical and 310 thermal cycles.", "The number of thermal cycles in API 624 is 5."},
		"negated truth":               {"API 624 does not cover rising stem valves.", "API 622 does not run 1,510 mechanical cycles."},
		"comparison turned round":     {"API 624 accepts leaks above 100 ppmv.", "API 641 covers valves above NPS 24.", "Under subpart VV a reading below 10,000 ppm is a leak."},
		"denied limit":                {"Graphite may be used in air at 500 C.", "Graphite packing may be used up to 650 C in oxidising service."},
		"lists in the wrong order":    {"The classes AM, BM and CM mean at most 500, 100 and 50 ppm."},
		"carried subject":             {"API 622 tests packing. It runs 310 mechanical cycles.", "API 624:\n- 1,510 mechanical cycles"},
		"agreement that is not owed":  {"Yes, API 624 is for ball valves.", "EPA Method 21 measures mass emission.", "The lantern ring does not sit under the flush port."},
		"wrong method, gas or colour": {"API 622 uses helium as the test gas.", "A yellow ring on a spiral-wound gasket means a 316 winding."},
		"neighbouring entity":         {"Class CO2 means 205 cycles.", "API 622 runs 310 mechanical cycles while API 624 runs 1,510 mechanical cycles."},
	} {
		for _, text := range texts {
			t.Run(trap, func(t *testing.T) {
				t.Parallel()
				requireContradicted(t, facts, text)
			})
		}
	}
}

func TestUndecidableStatementsAreNotContradicted(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for _, text := range []string{
		"API 622 runs more than 1,500 mechanical cycles.",     // true, if imprecise
		"Graphite may be used in air at 400 C.",               // inside the limit
		"API 598 and API 622 are cited together in 9 places.", // numbers of names
		"ISO 15848-1 is often read with API 624.",
		"Graphite packing passed 1,510 mechanical cycles.", // a product, not a standard
		"API 622 tests packing; whole valves are tested to other standards.",
		"In 2018 API 622 was revised on 60 pages.",
		"The fixture of API 622 is used, not a valve, at 600 psi.",
		"API 624 runs 310 mechanical cycles and does not cover quarter-turn valves.",
		"Does API 622 run 500 cycles?",
		"At 9 AM the lab started API 622 with 3 people.",
	} {
		claims := facts.Check(text)
		require.Zero(t, verdicts(claims)[domain.VerdictContradicted], "%s\n%+v", text, claims)
	}
}

func TestWeakFactNeverContradicts(t *testing.T) {
	t.Parallel()
	value := 50.0
	facts, err := domain.NewFacts(domain.FactTable{
		Units:    []domain.Unit{{Name: "drop"}},
		Entities: []domain.Entity{{Name: "leak"}},
		Facts: []domain.Fact{{
			Number: 1, Document: "d", Entity: "leak", Attribute: "rate", Op: "=", Value: &value, Unit: "drop", Weak: true, Text: "A leak has 50 drops.",
		}},
	})
	require.NoError(t, err)
	require.Equal(t, domain.VerdictUnknown, facts.Check("The leak has 10 drops.")[0].Verdict)
	require.Equal(t, domain.VerdictConfirmed, facts.Check("The leak has 50 drops.")[0].Verdict)
}

// Every number is compared with the words beside it, so an endless sentence is cut.
func TestEndlessSentenceIsCheckedInPieces(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	claims := facts.Check(strings.Repeat("API 622 runs 1,510 mechanical cycles, ", 500))
	require.Greater(t, verdicts(claims)[domain.VerdictConfirmed], 450)
	for _, c := range claims {
		require.LessOrEqual(t, len(c.Sentence), 600)
	}
	require.Empty(t, facts.Check(strings.Repeat("é1,", 2000)))
}

func TestLookupFindsTheFactAskedFor(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for query, want := range map[string]string{
		"API 622 mechanical cycles":                    "mechanical cycles",
		"api std 624 leak limit":                       "leak limit",
		"API 624 thermal cycles":                       "thermal cycles",
		"what is the size limit of API 641":            "size limit",
		"which method does class AH use for measuring": "measuring method",
		"when was EJMA founded":                        "year of foundation",
	} {
		found := facts.Lookup(query)
		require.NotEmpty(t, found, query)
		require.Equal(t, want, found[0].Attribute, query)
		require.Equal(t, found, facts.Lookup(query), query)
	}
	require.Empty(t, facts.Lookup("weather in Paris"))
	require.NotEmpty(t, facts.Lookup("seating stress y"))
}

func FuzzCheckSurvivesAnyText(f *testing.F) {
	p, err := loadPack()
	require.NoError(f, err)
	for _, seed := range p.Seeds {
		f.Add(seed.Answer)
	}
	f.Add("5 m factor 3 mbar\u00b7l\u00b7s\u207b\u00b9 -29\u2013538 \u00b0C (API 622) not above NPS 24, 12+ or 10^-7")
	f.Fuzz(func(_ *testing.T, text string) {
		text = text[:min(len(text), 1000)]
		domain.Score(p.Facts.Check(text))
		p.Facts.Lookup(text)
	})
}
