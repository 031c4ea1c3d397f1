package extractive

import (
	"fmt"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// observed is what the tools have said so far.
type observed struct {
	searched, looked bool
	// other is the text of the last tool that is neither search nor look-up.
	other      string
	candidates []candidate
	idf        map[string]float64
}

// observe reads the tool messages after the last question.
func observe(messages []llm.Message) (observed, error) {
	out := observed{idf: map[string]float64{}}
	for _, m := range messages {
		if m.Role != llm.RoleTool {
			continue
		}
		if m.Tool != llm.SearchTool && m.Tool != llm.LookupTool {
			out.other = m.Text
			continue
		}
		known, err := llm.ReadKnowledge(m.Text, m.Data)
		if err != nil {
			return out, fmt.Errorf("reading the result of %s: %w", m.Tool, err)
		}
		if m.Tool == llm.SearchTool {
			out.searched = true
			out.search(known)
			continue
		}
		out.looked = true
		for _, f := range known.Facts {
			if f.DocumentID != "" {
				out.add(f.Text, f.DocumentID, f.Entity+" "+f.Attribute)
			}
		}
	}
	return out, nil
}

func (o *observed) search(found llm.Knowledge) {
	for _, w := range found.Weights {
		for _, part := range words(w.Word) {
			o.idf[stem(part)] = w.IDF
		}
	}
	for _, p := range found.Passages {
		for _, s := range sentences(p.Text) {
			o.add(s, p.DocumentID, p.Title+" "+p.Heading)
		}
	}
}

func (o *observed) add(text, documentID, context string) {
	o.candidates = append(o.candidates, candidate{text: text, documentID: documentID, context: context, order: len(o.candidates)})
}
