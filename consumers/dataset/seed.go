package dataset

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

// seedSet is what a pack gives to every dataset: verified questions and answers, and the system prompt.
type seedSet struct {
	rows          []row
	system        string
	promptVersion string
	disputed      []string
	sha256        string
}

// loadSeeds reads the seeds with the documents that they rest on. Seeds are Gold: people wrote them.
// A control that the pack cannot answer has no document and teaches to say so.
func loadSeeds(pack *domain.Pack) (seedSet, error) {
	if pack == nil {
		return seedSet{}, nil
	}
	prompt := pack.Prompts["system"]
	s := seedSet{system: strings.TrimSpace(prompt.Text), promptVersion: "system@" + prompt.Version}
	for _, term := range pack.Glossary {
		if term.Disputed {
			s.disputed = append(s.disputed, term.Term)
		}
	}
	var parts []string
	for _, seed := range pack.Seeds {
		sources, err := seedSources(pack, seed.Documents)
		if err != nil {
			return seedSet{}, fmt.Errorf("reading seed %s: %w", seed.ID, err)
		}
		r := seedRow(seed, sources, s)
		s.rows = append(s.rows, r)
		parts = append(parts, r.key, r.system, r.user, r.assistant)
	}
	s.sha256 = hexSum(parts...)
	return s, nil
}

func seedRow(seed domain.Seed, sources []*event.Source, s seedSet) row {
	key := "seed:" + seed.ID
	question := strings.TrimSpace(seed.Question)
	return row{
		key: key, thread: key,
		verdict: verdict{tier: TierGold, validation: -1, reason: "seed of the knowledge pack"},
		system:  s.system, question: question, user: userText(question, sources), assistant: seedAnswer(seed),
		lineage: Lineage{SeedID: seed.ID, Prompt: s.promptVersion, Sources: sourceRefs(sources)},
	}
}

// seedAnswer cites the documents: the prompt asks for citations, so the training data must have them.
func seedAnswer(seed domain.Seed) string {
	answer := strings.TrimSpace(seed.Answer)
	if !seed.Answerable || strings.Contains(answer, "[") {
		return answer
	}
	var cites []string
	for _, id := range seed.Documents {
		cites = append(cites, "["+id+"]")
	}
	body, full := strings.CutSuffix(answer, ".")
	if full {
		return body + " " + strings.Join(cites, " ") + "."
	}
	return answer + " " + strings.Join(cites, " ")
}

func seedSources(pack *domain.Pack, ids []string) ([]*event.Source, error) {
	var sources []*event.Source
	for _, id := range ids {
		raw, err := os.ReadFile(pack.DocumentPath(id))
		if err != nil {
			return nil, fmt.Errorf("reading document %s: %w", id, err)
		}
		title, text := splitDocument(raw)
		sources = append(sources, &event.Source{DocumentId: id, Title: title, Text: text, Cited: true})
	}
	return sources, nil
}

// splitDocument drops the front matter and takes the first heading as the title.
func splitDocument(raw []byte) (title, text string) {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if rest, ok := bytes.CutPrefix(raw, []byte("---\n")); ok {
		if _, body, ok := bytes.Cut(rest, []byte("\n---\n")); ok {
			raw = body
		}
	}
	text = strings.TrimSpace(string(raw))
	if heading, body, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(heading, "# ") {
		return strings.TrimSpace(heading[2:]), strings.TrimSpace(body)
	}
	return "", text
}
