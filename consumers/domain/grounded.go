package domain

import (
	"fmt"
	"strings"
)

// Name and version of the prompt that GroundedPrompt writes. A change of its text is a new version: a model trained on
// one version is asked with the same.
const (
	GroundedName    = "grounded"
	GroundedVersion = "1"
)

// Passage is a piece of a document that an answer may build on.
type Passage struct {
	DocumentID string
	Title      string
	Text       string
}

// GroundedPrompt is the user's turn of a question that is to be answered from passages. Datasets are written with it and
// trained models are asked with it, so that a model meets in service what it met in training. The passages stand before
// the question: without them a model would learn to recite.
func GroundedPrompt(question string, passages []Passage) string {
	var b strings.Builder
	if len(passages) > 0 {
		b.WriteString("Context:\n")
	}
	for _, p := range passages {
		fmt.Fprintf(&b, "[%s] %s\n%s\n\n", p.DocumentID, strings.TrimSpace(p.Title), strings.TrimSpace(p.Text))
	}
	b.WriteString("Question: " + strings.TrimSpace(question))
	return b.String()
}
