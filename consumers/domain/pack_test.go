package domain_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ragline/ragline/consumers/domain"
)

const packDir = "../../deploy/domain/jdjones"

var loadPack = sync.OnceValues(func() (*domain.Pack, error) { return domain.Load(packDir) })

func pack(t *testing.T) *domain.Pack {
	t.Helper()
	p, err := loadPack()
	require.NoError(t, err)
	return p
}

// document is what a document's front matter must hold.
type document struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Standard string   `yaml:"standard"`
	Edition  string   `yaml:"edition"`
	Facts    []int    `yaml:"facts"`
	Sources  []string `yaml:"sources"`
	Licence  string   `yaml:"licence"`

	body string
}

func documents(t *testing.T) map[string]document {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(packDir, "documents", "*.md"))
	require.NoError(t, err)
	docs := map[string]document{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		head, body, ok := bytes.Cut(bytes.TrimPrefix(data, []byte("---\n")), []byte("\n---\n"))
		require.True(t, ok, file)
		var d document
		dec := yaml.NewDecoder(bytes.NewReader(head))
		dec.KnownFields(true)
		require.NoError(t, dec.Decode(&d), file)
		d.body = string(body)
		require.Equal(t, strings.TrimSuffix(filepath.Base(file)[3:], ".md"), d.ID, file)
		docs[d.ID] = d
	}
	return docs
}

func TestPackLoads(t *testing.T) {
	t.Parallel()
	p := pack(t)
	require.Equal(t, "not in the knowledge base", p.NotFound)
	require.Len(t, p.Glossary, 8)
	require.GreaterOrEqual(t, len(p.Facts.Rows()), 45)
	require.Len(t, p.Questions, 10)
	require.Len(t, p.Seeds, 28)
	require.NotEmpty(t, p.Products)
	require.True(t, p.Fictional)
	require.Contains(t, p.Prompts["react"].Text, "{{tools}}")
}

func TestUnverifiedFactsStayOut(t *testing.T) {
	t.Parallel()
	unverified := []int{11, 62, 63, 71, 72}
	for _, fact := range pack(t).Facts.Rows() {
		require.NotContains(t, unverified, fact.Number)
	}
	for id, d := range documents(t) {
		for _, fact := range d.Facts {
			require.NotContains(t, unverified, fact, id)
		}
	}
}

func TestEveryDocumentIsCompleteAndShort(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	require.Len(t, docs, 29)
	for id, d := range docs {
		for field, value := range map[string]string{"title": d.Title, "standard": d.Standard, "edition": d.Edition} {
			require.NotEmpty(t, value, "%s: %s", id, field)
		}
		require.NotEmpty(t, d.Facts, id)
		require.NotEmpty(t, d.Sources, id)
		require.Equal(t, "CC-BY-4.0", d.Licence, id)
		words := len(strings.Fields(d.body))
		require.True(t, words >= 60 && words <= 300, "%s has %d words", id, words)
		require.True(t, strings.HasSuffix(strings.TrimSpace(d.body), "\nCheck the current edition; this is demo material, not engineering advice."), id)
	}
}

func TestEveryFactStandsInTheDocumentItNames(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	for _, fact := range pack(t).Facts.Rows() {
		require.Contains(t, docs[fact.Document].Facts, fact.Number, "%s %s", fact.Entity, fact.Attribute)
	}
}

func TestQuestionsCanBeAnsweredFromTheirDocument(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	controls := 0
	for _, q := range pack(t).Questions {
		if !q.Expect.Answerable {
			controls++
			continue
		}
		d, ok := docs[q.Expect.Document]
		require.True(t, ok, q.ID)
		for _, part := range q.Expect.Contains {
			require.Contains(t, d.body, part, q.ID)
		}
	}
	require.GreaterOrEqual(t, controls, 2)
}

func TestPromptPlaceholdersAreFilledInOnePass(t *testing.T) {
	t.Parallel()
	text := pack(t).Prompts["react"].Render(map[string]string{"tools": "search", "question": "what is {{tools}}?"})
	require.Contains(t, text, "Question: what is {{tools}}?")
	require.NotContains(t, text, "{{question}}")
}

func TestProductsAndTermsAreFoundInAnyCase(t *testing.T) {
	t.Parallel()
	p := pack(t)
	product, ok := p.Product("ns-g410")
	require.True(t, ok)
	require.Equal(t, "EUR", product.Currency)
	term, ok := p.Term("ExpansoFlex")
	require.True(t, ok)
	require.True(t, term.Disputed)
	require.FileExists(t, p.DocumentPath("api-624"))
	require.Empty(t, p.DocumentPath("624"))
}
