package feature

import "slices"

// maxTerms bounds the terms that are listed for one sentence: a reason, not a dump.
const maxTerms = 12

// Sentence is a sentence of the answer and what the context says for it.
type Sentence struct {
	Span
	// Best is the index of the context sentence with the highest overlap, -1 if none shares a word.
	Best int
	// Overlap is the share of the content words that the best context sentence has, 0 to 1.
	Overlap float64
	// Content counts the content words.
	Content int
	// Unknown counts the content words that neither the context nor the question has.
	Unknown int

	from, to int
}

// AnswerSentences returns the sentences of the answer in order.
func (a *Analysis) AnswerSentences() []Sentence { return a.answerSentences }

// Text returns the text of a sentence of the answer.
func (a *Analysis) Text(s Sentence) string { return a.in.Answer[s.Start:s.End] }

func (a *Analysis) supportSentences() []Sentence {
	spans := Sentences(a.in.Answer)
	out := make([]Sentence, 0, len(spans))
	shared := make([]int32, len(a.sentences))
	from := 0
	for _, span := range spans {
		s := Sentence{Span: span, Best: -1, from: from, to: from}
		for s.to < len(a.answer) && int(a.answer[s.to].start) < span.End {
			s.to++
		}
		from = s.to
		a.support(&s, shared)
		out = append(out, s)
	}
	return out
}

// support finds the best context sentence through the postings; shared is scratch of zeros.
func (a *Analysis) support(s *Sentence, shared []int32) {
	tokens := a.answer[s.from:s.to]
	for _, t := range tokens {
		if t.stop {
			continue
		}
		s.Content++
		if !a.known(t.id) {
			s.Unknown++
		}
		last := int32(-1)
		for _, p := range a.occurrences(t.id) {
			if c := a.sentenceOf[p]; c >= 0 && c != last {
				shared[c]++
				last = c
			}
		}
	}
	best := int32(0)
	for i, n := range shared {
		if n > best {
			best, s.Best = n, i
		}
	}
	clear(shared)
	if s.Content > 0 {
		s.Overlap = float64(best) / float64(s.Content)
	}
}

// Unsupported returns the content words and the numbers of a sentence that neither the context nor
// the question has, as written and without repeats.
func (a *Analysis) Unsupported(s Sentence) (terms, numbers []string) {
	for _, t := range a.answer[s.from:s.to] {
		if t.stop || a.known(t.id) {
			continue
		}
		text := a.in.Answer[t.start:t.end]
		list := &terms
		if t.number {
			list = &numbers
			if isSmall(a.lex.stems[t.id]) {
				continue
			}
		}
		if len(*list) < maxTerms && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	return terms, numbers
}
