package feature

import "strings"

// RelevanceNames returns the names of Relevance in order.
func RelevanceNames() []string {
	return []string{"q_answer", "q_bridge", "q_bridge_len", "new_words", "kind"}
}

// Relevance describes whether the answer addresses the question: coverage of the question's content words by
// the answer, and by the passages' sentences that the answer rests on (a short answer need not repeat the
// question; also weighted by length of the word); the share of the answer that the question does not already say; whether the answer holds what
// the question asks for (a number, a name, a yes or no).
func (a *Analysis) Relevance() []float64 {
	words := a.contentOfQuestion()
	answer, bridge := a.answerMembers()
	return []float64{
		a.coverageOfQuestion(answer),
		a.coverageOfQuestion(bridge),
		a.weightedCoverage(words, bridge),
		a.newWords(),
		a.kindMatch(),
	}
}

// MissingOfQuestion returns the content words of the question that neither the answer nor the sentences
// that it rests on have, as written.
func (a *Analysis) MissingOfQuestion() []string {
	_, bridge := a.answerMembers()
	var out []string
	for _, t := range a.contentOfQuestion() {
		if !bridge(t.id) && len(out) < maxTerms {
			out = append(out, a.in.Question[t.start:t.end])
		}
	}
	return out
}

// EchoesQuestion says whether every content word of the answer already stands in the question.
func (a *Analysis) EchoesQuestion() bool { return a.newWords() == 0 && a.kind() != kindPolar }

func (a *Analysis) answerMembers() (answer, bridge func(int32) bool) {
	inAnswer := make([]bool, len(a.lex.stems))
	for _, t := range a.answer {
		inAnswer[t.id] = true
	}
	inBridge := append([]bool(nil), inAnswer...)
	wanted := make([]bool, len(a.sentences))
	titled := make([]bool, len(a.in.Passages))
	for _, s := range a.answerSentences {
		if s.Best >= 0 && s.Overlap >= 0.5 {
			wanted[s.Best] = true
			titled[a.sentences[s.Best].Passage] = true
		}
	}
	for p, t := range a.context {
		if s := a.sentenceOf[p]; s >= 0 && (wanted[s] || a.isTitle(s) && titled[a.sentences[s].Passage]) {
			inBridge[t.id] = true
		}
	}
	inBridge[boundary] = false
	return func(id int32) bool { return inAnswer[id] }, func(id int32) bool { return inBridge[id] }
}

// isTitle: the title is the first sentence of a passage that has one.
func (a *Analysis) isTitle(s int32) bool {
	c := a.sentences[s]
	title := a.in.Passages[c.Passage].Title
	return title != "" && (s == 0 || a.sentences[s-1].Passage != c.Passage) && strings.HasPrefix(title, c.Text)
}

func (a *Analysis) newWords() float64 {
	total, fresh := 0.0, 0.0
	for _, t := range a.answer {
		if t.stop {
			continue
		}
		total++
		if !a.inQuestion[t.id] {
			fresh++
		}
	}
	if total == 0 {
		return 0
	}
	return fresh / total
}

type questionKind int

const (
	kindOpen questionKind = iota
	kindQuantity
	kindName
	kindPolar
)

// kind reads the question word: how many asks for a number, who for a name, does for a yes or a no.
func (a *Analysis) kind() questionKind {
	q := strings.ToLower(strings.TrimSpace(a.in.Question))
	for _, opening := range []string{"how many", "how much", "how fast", "how long", "how far", "how old", "when "} {
		if strings.Contains(q, opening) {
			return kindQuantity
		}
	}
	for _, opening := range []string{"who ", "where "} {
		if strings.HasPrefix(q, opening) {
			return kindName
		}
	}
	for _, opening := range []string{"is ", "are ", "does ", "do ", "did ", "can ", "may ", "was ", "were ", "has ", "have ", "must "} {
		if strings.HasPrefix(q, opening) {
			return kindPolar
		}
	}
	return kindOpen
}

// kindMatch is 1 when the answer holds what the question asks for, 0 when it does not, 0.5 for an open question.
func (a *Analysis) kindMatch() float64 {
	kind := a.kind()
	if kind == kindOpen || kind == kindPolar {
		return 0.5
	}
	for _, s := range a.answerSentences {
		for i, t := range a.answer[s.from:s.to] {
			if kind == kindQuantity && (t.number || isNumberWord(a.lex.stems[t.id])) {
				return 1
			}
			if kind == kindName && !t.number && a.isName(t, i == 0) && !a.inQuestion[t.id] {
				return 1
			}
		}
	}
	return 0
}

func isNumberWord(word string) bool {
	_, ok := numberWords[word]
	return ok
}
