package mask_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/mask"
)

var label = regexp.MustCompile(`\{\{(\w+)\|(.*?)\}\}`)

// labelled returns the texts of the test set without their labels, and what the labels say.
func labelled(t testing.TB, file string) (texts []string, want [][]mask.Match) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		var text strings.Builder
		var matches []mask.Match
		last := 0
		for _, at := range label.FindAllStringSubmatchIndex(line, -1) {
			text.WriteString(line[last:at[0]])
			start := text.Len()
			text.WriteString(line[at[4]:at[5]])
			matches = append(matches, mask.Match{Kind: mask.Kind(line[at[2]:at[3]]), Start: start, End: text.Len()})
			last = at[1]
		}
		text.WriteString(line[last:])
		texts, want = append(texts, text.String()), append(want, matches)
	}
	return texts, want
}

// TestPrecisionAndRecallByKind prints the figures; -v shows them. The recognisers were made with labelled.txt, so that
// its figures bound what a change may break. Those of heldout.txt say more about texts to come.
func TestPrecisionAndRecallByKind(t *testing.T) {
	t.Parallel()
	for file, least := range map[string]float64{"labelled.txt": 1, "heldout.txt": 0.6} {
		for kind, c := range count(t, file) {
			precision := float64(c.right) / float64(c.right+c.wrong)
			recall := float64(c.right) / float64(c.right+c.missed)
			t.Logf("%s %-6s precision %.3f, recall %.3f (%d right, %d wrong, %d missed)", file, kind, precision, recall, c.right, c.wrong, c.missed)
			require.GreaterOrEqual(t, precision, least, "%s of %s", kind, file)
			require.GreaterOrEqual(t, recall, least, "%s of %s", kind, file)
		}
	}
}

type counts struct{ right, wrong, missed int }

// count compares what is found with the labels.
func count(t *testing.T, file string) map[mask.Kind]*counts {
	t.Helper()
	texts, want := labelled(t, file)
	tally := map[mask.Kind]*counts{}
	for _, kind := range mask.Kinds() {
		tally[kind] = &counts{}
	}
	for i, text := range texts {
		expected := map[mask.Match]bool{}
		for _, m := range want[i] {
			expected[m] = true
		}
		for _, m := range mask.Find(text) {
			if expected[m] {
				tally[m.Kind].right++
				delete(expected, m)
				continue
			}
			tally[m.Kind].wrong++
			t.Logf("%s found %q in %q", m.Kind, text[m.Start:m.End], text)
		}
		for m := range expected {
			tally[m.Kind].missed++
			t.Logf("%s missed %q in %q", m.Kind, text[m.Start:m.End], text)
		}
	}
	return tally
}
