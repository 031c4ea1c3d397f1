package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuantitiesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	units := newUnitTable([]Unit{{Name: "NPS", Prefix: true}, {Name: "cycle"}})
	for text, want := range map[string]struct {
		lo, hi float64
		unit   string
	}{
		"1,510 mechanical cycles":      {1510, 1510, "cycle"},
		"20 000 cycles":                {20000, 20000, "cycle"},
		"three thermal cycles":         {3, 3, "cycle"},
		"-29 to 538 C":                 {-29, 538, "C"},
		"−29–538 °C":                   {-29, 538, "°C"},
		"0-600 psi":                    {0, 600, "psi"},
		"between 50 and 100 ppmv":      {50, 100, "ppm"},
		"1.78e-7 mbar l/s per mm":      {1.78e-7, 1.78e-7, "mbar l/s per mm"},
		"1.78 × 10⁻⁷ mbar·l/(s·m)":     {1.78e-7, 1.78e-7, "mbar l/(s m)"},
		"10^-4 mbar l/(s m)":           {1e-4, 1e-4, "mbar l/(s m)"},
		"NPS 24 in class 9":            {24, 24, "NPS"},
		"0.131 in thick":               {0.131, 0.131, "in"},
		"24-h hold":                    {24, 24, "h"},
		"80 million lb/yr":             {8e7, 8e7, "lb/yr"},
		"since 2021":                   {2021, 2021, "year"},
		"the number of cycles is 310.": {310, 310, "cycle"},
	} {
		found := units.quantities(normalise(text))
		require.Len(t, found, 1, text)
		require.Equal(t, want.unit, found[0].unit.Name, text)
		require.InDelta(t, want.lo, found[0].lo, 1e-15, text)
		require.InDelta(t, want.hi, found[0].hi, 1e-15, text)
	}
}

func TestNumbersOfNamesAndBareNumbersAreNoQuantities(t *testing.T) {
	t.Parallel()
	units := newUnitTable(nil)
	for _, text := range []string{"B16.20", "DN40", "CO2", "v1.2", "15848-1", "in 7 of them", "one of these", "No. 12"} {
		require.Empty(t, units.quantities(normalise(text)), text)
	}
}

func TestUnitsConvert(t *testing.T) {
	t.Parallel()
	units := newUnitTable(nil).byName
	require.InDelta(t, 537.8, units["C"].from(1000, units["F"]), 0.1)
	require.InDelta(t, 1000.4, units["°F"].from(538, units["°C"]), 0.1)
	require.InDelta(t, 6.89, units["barg"].from(100, units["psig"]), 0.01)
	require.InDelta(t, 1.78e-4, units["mbar l/(s m)"].from(1.78e-7, units["mbar l/s per mm"]), 1e-12)
}

func TestSentencesEndAtFullStopsOnly(t *testing.T) {
	t.Parallel()
	var got []string
	for _, s := range sentences("See Std. 5 [doc-1]. It is limited to 260 C. Next:\n- item 1.5\n- item 2\nwrapped\n\n# Head\nText.") {
		got = append(got, s.text)
	}
	require.Equal(t, []string{"See Std. 5.", "It is limited to 260 C.", "Next:", "item 1.5", "item 2 wrapped", "Head", "Text."}, got)
}
