package extractive

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSentencesEndWhereTheyEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"One is here. Two is here.":                      {"One is here.", "Two is here."},
		"It is 1.78e-7 mbar. Next one.":                  {"It is 1.78e-7 mbar.", "Next one."},
		"See Fig. 3 for more. It helps.":                 {"See Fig. 3 for more.", "It helps."},
		"# Title\n\n- a first point\n- a second point\n": {"a first point", "a second point"},
		"He said \"No way.\" Then he left.":              {"He said \"No way.\"", "Then he left."},
		"no end":                                         {"no end"},
		"Line one\nLine two":                             {"Line one", "Line two"},
	} {
		require.Equal(t, want, sentences(text), text)
	}
}

func TestStemsOfOneWordAgree(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{"valve", "valves"},
		{"stagger", "staggered", "staggering", "staggers"},
		{"repair", "repaired", "repairs"},
		{"test", "tests", "tested", "testing"},
		{"class", "classes"},
		{"study", "studies"},
		{"require", "required", "requires"},
		{"leak", "leaking", "leaks"},
		{"limit", "limited", "limitation"},
	} {
		for _, w := range group[1:] {
			require.Equal(t, stem(group[0]), stem(w), w)
		}
	}
	require.NotEqual(t, stem("gas"), stem("gasket"))
	require.Equal(t, "15848-1", stem("15848-1"))
}
