package retrieval

import (
	"context"
	"fmt"
	"math"
)

// Weight says how much a word of a query tells: its inverse document frequency in the knowledge base.
type Weight struct {
	// Word is as it stands in the query.
	Word string  `json:"word"`
	IDF  float64 `json:"idf"`
}

// Weights returns the content words of a query, in its order. A word that no passage has weighs most.
func (x *Index) Weights(ctx context.Context, query string) ([]Weight, error) {
	advanced, err := x.bleve.Advanced()
	if err != nil {
		return nil, fmt.Errorf("opening index: %w", err)
	}
	reader, err := advanced.Reader()
	if err != nil {
		return nil, fmt.Errorf("opening index: %w", err)
	}
	defer reader.Close()
	total, err := reader.DocCount()
	if err != nil {
		return nil, fmt.Errorf("counting passages: %w", err)
	}
	var out []Weight
	for _, token := range x.mapping.AnalyzerNamed(analyzer).Analyze([]byte(query)) {
		postings, err := reader.TermFieldReader(ctx, token.Term, field, false, false, false)
		if err != nil {
			return nil, fmt.Errorf("looking %q up: %w", token.Term, err)
		}
		df := float64(postings.Count())
		if err := postings.Close(); err != nil {
			return nil, fmt.Errorf("looking %q up: %w", token.Term, err)
		}
		out = append(out, Weight{Word: query[token.Start:token.End], IDF: math.Log(1 + (float64(total)-df+0.5)/(df+0.5))})
	}
	return out, nil
}
