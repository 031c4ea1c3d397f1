package domain_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Verdicts are the product: faster code must not change one.
// The texts stand in the golden file, so that a new document of the pack changes nothing here.
func TestClaimsAreThoseOfTheGoldenFile(t *testing.T) {
	t.Parallel()
	p := pack(t)
	golden(t, "claims.golden", func() []string { return checkedTexts(t, p) }, func(text string) []string {
		return claimLines(p.Facts, text)
	})
}

func TestLookupsAreThoseOfTheGoldenFile(t *testing.T) {
	t.Parallel()
	p := pack(t)
	rows := p.Facts.Rows()
	golden(t, "lookups.golden", func() []string { return lookupQueries(p) }, func(query string) []string {
		var numbers []string
		for _, fact := range p.Facts.Lookup(query) {
			numbers = append(numbers, strconv.Itoa(slices.IndexFunc(rows, func(r domain.Fact) bool {
				return r.Entity == fact.Entity && r.Attribute == fact.Attribute && r.Text == fact.Text
			})))
		}
		return []string{"\t" + strings.Join(numbers, " ")}
	})
}

// golden compares the lines that evaluate gives for each text of the file with those behind it.
func golden(t *testing.T, name string, inputs func() []string, evaluate func(text string) []string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	var texts []string
	if *update {
		texts = inputs()
	} else {
		texts = goldenTexts(t, file)
	}
	var lines []string
	for _, text := range texts {
		lines = append(lines, strconv.Quote(text))
		lines = append(lines, evaluate(text)...)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(lines) || line != lines[i] {
			require.Equal(t, line, strings.Join(lines[i:min(i+1, len(lines))], ""), "%s:%d", file, i+1)
		}
	}
}

func goldenTexts(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var texts []string
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		text, err := strconv.Unquote(strings.TrimSpace(line))
		require.NoError(t, err)
		texts = append(texts, text)
	}
	require.Greater(t, len(texts), 300)
	return texts
}

// claimLines names the sentence only where it is not the whole text.
func claimLines(facts *domain.Facts, text string) []string {
	var lines []string
	sentence := text
	for _, c := range facts.Check(text) {
		if c.Sentence != sentence {
			sentence = c.Sentence
			lines = append(lines, "\t"+strconv.Quote(sentence))
		}
		number := 0
		if c.Fact != nil {
			number = c.Fact.Number
		}
		lines = append(lines, fmt.Sprintf("\t%s|%s|%s|%s|%s|%d", c.Verdict, c.Entity, c.Attribute, c.Value, c.Unit, number))
	}
	return lines
}

func checkedTexts(t *testing.T, p *domain.Pack) []string {
	t.Helper()
	var texts []string
	docs := documents(t)
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		texts = append(texts, docs[id].body)
	}
	texts = append(texts, sentencesOf(p)...)
	return append(texts, newPerturber(p).texts(1500)...)
}

func lookupQueries(p *domain.Pack) []string {
	queries := sentencesOf(p)
	for _, q := range p.Questions {
		queries = append(queries, q.Question)
	}
	for _, row := range p.Facts.Rows() {
		queries = append(queries, row.Attribute, row.Entity, strings.Join(row.Keywords, " "))
	}
	return append(queries, newPerturber(p).texts(200)...)
}

func sentencesOf(p *domain.Pack) []string {
	var texts []string
	for _, seed := range p.Seeds {
		texts = append(texts, seed.Question, seed.Answer)
	}
	for _, row := range p.Facts.Rows() {
		texts = append(texts, row.Text)
	}
	for _, term := range p.Glossary {
		texts = append(texts, term.Definition, term.Remark)
	}
	return texts
}
