package extractive

import (
	"encoding/json"
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
		switch m.Tool {
		case llm.SearchTool:
			var found llm.Found
			if err := read(m, &found); err != nil {
				return out, err
			}
			out.searched = true
			out.search(found)
		case llm.LookupTool:
			var looked llm.Looked
			if err := read(m, &looked); err != nil {
				return out, err
			}
			out.looked = true
			for _, f := range looked.Facts {
				if f.DocumentID != "" {
					out.add(f.Text, f.DocumentID, f.Entity+" "+f.Attribute)
				}
			}
		default:
			out.other = m.Text
		}
	}
	return out, nil
}

// read skips a message without data: the tool failed, and its text says why.
func read(m llm.Message, into any) error {
	if len(m.Data) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Data, into); err != nil {
		return fmt.Errorf("reading the result of %s: %w", m.Tool, err)
	}
	return nil
}

func (o *observed) search(found llm.Found) {
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
