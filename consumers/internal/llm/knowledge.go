package llm

// The tools that models and the agent know by name.
const (
	SearchTool    = "search_knowledge"
	LookupTool    = "lookup_standard"
	QuotationTool = "generate_quotation"
	EnquiryTool   = "submit_enquiry"
)

// Found is the result of SearchTool as data.
type Found struct {
	Passages []Passage `json:"passages"`
	// Weights of the words of the query.
	Weights []Weight `json:"weights"`
}

// Passage is a retrieved text.
type Passage struct {
	DocumentID string  `json:"document_id"`
	Title      string  `json:"title,omitempty"`
	Heading    string  `json:"heading,omitempty"`
	Text       string  `json:"text"`
	URI        string  `json:"uri,omitempty"`
	Score      float64 `json:"score"`
}

// Weight is the inverse document frequency of a word.
type Weight struct {
	Word string  `json:"word"`
	IDF  float64 `json:"idf"`
}

// Looked is the result of LookupTool as data.
type Looked struct {
	Facts []Fact `json:"facts"`
}

// Fact is a row of the fact table.
type Fact struct {
	Entity     string `json:"entity"`
	Attribute  string `json:"attribute,omitempty"`
	Text       string `json:"text"`
	DocumentID string `json:"document_id,omitempty"`
	Edition    string `json:"edition,omitempty"`
	Weak       bool   `json:"weak,omitempty"`
}
