package llm

import (
	"encoding/json"
	"fmt"
)

// The tools that models and the agent know by name.
const (
	SearchTool    = "search_knowledge"
	LookupTool    = "lookup_standard"
	QuotationTool = "generate_quotation"
	EnquiryTool   = "submit_enquiry"
)

// Knowledge is the result of SearchTool and of LookupTool as data. The texts are not in it a second time: they are spans of
// the result's own text, and ReadKnowledge brings both together.
type Knowledge struct {
	Passages []Passage `json:"passages,omitempty"`
	// Weights of the words of a search.
	Weights []Weight `json:"weights,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
}

// Passage is a retrieved text.
type Passage struct {
	DocumentID string  `json:"document_id"`
	Title      string  `json:"title,omitempty"`
	Heading    string  `json:"heading,omitempty"`
	Text       string  `json:"text,omitempty"`
	Span       *Span   `json:"span,omitempty"`
	URI        string  `json:"uri,omitempty"`
	Score      float64 `json:"score"`
}

// Weight is the inverse document frequency of a word.
type Weight struct {
	Word string  `json:"word"`
	IDF  float64 `json:"idf"`
}

// Fact is a row of the fact table.
type Fact struct {
	Entity     string `json:"entity"`
	Attribute  string `json:"attribute,omitempty"`
	Text       string `json:"text,omitempty"`
	Span       *Span  `json:"span,omitempty"`
	DocumentID string `json:"document_id,omitempty"`
	Edition    string `json:"edition,omitempty"`
	Weak       bool   `json:"weak,omitempty"`
}

// Span is a range of bytes in the text of a result.
type Span [2]int

// in returns the span's part of a text, which may have been cut since.
func (s *Span) in(text string) string {
	if s == nil || s[0] < 0 || s[0] > s[1] || s[1] > len(text) {
		return ""
	}
	return text[s[0]:s[1]]
}

// ReadKnowledge reads the data of a result and fills in the texts. No data is no knowledge: the tool failed, and its text says why.
func ReadKnowledge(text string, data json.RawMessage) (Knowledge, error) {
	var k Knowledge
	if len(data) == 0 {
		return k, nil
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("reading knowledge: %w", err)
	}
	for i, p := range k.Passages {
		if p.Span != nil {
			k.Passages[i].Text, k.Passages[i].Span = p.Span.in(text), nil
		}
	}
	for i, f := range k.Facts {
		if f.Span != nil {
			k.Facts[i].Text, k.Facts[i].Span = f.Span.in(text), nil
		}
	}
	return k, nil
}
