package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPhraseMatchesItsWordsWithTheUsualEndings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ phrase, text, want string }{
		{"ball valve", "No Ball-Valves here", "Ball-Valves"},
		{"test", "retested, then tested", "tested"},
		{"test", "tester", ""},
		{"low-E valve", "a low e valve", "low e valve"},
		{"graphite/PTFE yarn", "Graphite - PTFE yarn", "Graphite - PTFE yarn"},
		{"AM", "at 9 am, AMs", "AMs"},
		{"EPA (1999)", "the EPA (1999)", "EPA (1999)"},
		{"Prüfung", "die PRÜFUNGEN, die PRÜFUNG", "PRÜFUNG"},
		{"-", "a - b", ""},
	} {
		words := newLexicon()
		words.add(row.phrase)
		c := fold(row.text)
		var got []string
		for _, hit := range words.find(c) {
			got = append(got, c.text[hit.start:hit.end])
		}
		if row.want == "" {
			require.Empty(t, got, row.text)
			continue
		}
		require.Equal(t, []string{row.want}, got, row.text)
	}
}

func TestPhraseDoesNotOverlapItself(t *testing.T) {
	t.Parallel()
	words := newLexicon()
	words.add("on off on")
	require.Len(t, words.find(fold("on off on off on off on")), 2)
}

func TestNameWithinALongerOneIsNoMention(t *testing.T) {
	t.Parallel()
	words := newLexicon()
	names := newNameFinder([]Entity{{Name: "A 15848"}, {Name: "A 15848-1", Aliases: []string{"A 15848 part 1"}}}, words)
	c := fold("A 15848-1 and a 15848 are not A 15848 Part 1.")
	mentions, masked := names.find(c, words.find(c))
	require.Equal(t, []mention{{"A 15848-1", 0, 9}, {"A 15848", 14, 21}, {"A 15848-1", 30, 44}}, mentions)
	require.Equal(t, "_________ and _______ are not ______________.", masked.text)
}

func TestTextAndItsLowerCaseHaveOneLength(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"ÄÖ ẞ İ K \xff", "API", ""} {
		require.Len(t, lowered(text), len(text))
	}
	require.Equal(t, "äö", lowered("ÄÖ"))
}
