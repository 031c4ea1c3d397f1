package feature

// Passage is a piece of a document that the answer was built on.
type Passage struct {
	ID    string
	Title string
	Text  string
}

// Input is what an analysis reads.
type Input struct {
	Question string
	Answer   string
	Passages []Passage
}

// ContextSentence is a sentence of a passage. A title counts as a sentence.
type ContextSentence struct {
	// Passage is the index in Input.Passages.
	Passage int
	Text    string
}

// Analysis holds the prepared texts of one input. It is read-only once built.
type Analysis struct {
	in  Input
	lex *lexicon

	// context holds the tokens of all passages; passages are separated by the boundary id.
	context      []token
	contextWords int
	// sentenceOf maps a position in context to its sentence, -1 where it has none.
	sentenceOf []int32
	sentences  []ContextSentence
	nulls      []string
	hasClock   bool
	clocks     map[int]struct{}

	// Occurrences of a stem in context: positions[first[id]:first[id+1]].
	first, positions []int32
	// inContext also holds a digit when the context spells it, and the other way round.
	inContext  []bool
	inQuestion []bool

	question []token
	answer   []token
	// answerSentences are the sentences of the answer with their tokens and their support.
	answerSentences []Sentence
}

// Analyse prepares an input. The time is linear in the length of the texts.
func Analyse(in Input) *Analysis {
	a := &Analysis{in: in, lex: newLexicon()}
	for i := range in.Passages {
		a.addPassage(i)
	}
	a.countOccurrences()
	a.question = a.lex.tokenize(in.Question, nil)
	a.answer = a.lex.tokenize(in.Answer, make([]token, 0, len(in.Answer)/5))
	a.markMembers()
	a.answerSentences = a.supportSentences()
	return a
}

func (a *Analysis) addPassage(i int) {
	p := a.in.Passages[i]
	if a.context == nil {
		a.context = make([]token, 0, len(p.Text)*len(a.in.Passages)/5)
	}
	if p.Title != "" {
		a.addText(i, p.Title)
	}
	text, structured := flatten(p.Text)
	if structured {
		a.nulls = append(a.nulls, nullFields(text)...)
	}
	a.addText(i, text)
	a.addClocks(text)
}

func (a *Analysis) addText(passage int, text string) {
	from := len(a.context)
	a.context = a.lex.tokenize(text, a.context)
	a.contextWords += len(a.context) - from
	a.context = append(a.context, token{id: boundary})
	for len(a.sentenceOf) < len(a.context) {
		a.sentenceOf = append(a.sentenceOf, -1)
	}
	for _, span := range Sentences(text) {
		index := int32(len(a.sentences))
		a.sentences = append(a.sentences, ContextSentence{Passage: passage, Text: text[span.Start:span.End]})
		for from < len(a.context)-1 && int(a.context[from].start) < span.End {
			a.sentenceOf[from] = index
			from++
		}
	}
}

// countOccurrences builds the postings by counting sort: no map and two allocations.
func (a *Analysis) countOccurrences() {
	a.first = make([]int32, len(a.lex.stems)+1)
	for _, t := range a.context {
		a.first[t.id+1]++
	}
	for i := 1; i < len(a.first); i++ {
		a.first[i] += a.first[i-1]
	}
	a.positions = make([]int32, len(a.context))
	next := append([]int32(nil), a.first...)
	for p, t := range a.context {
		a.positions[next[t.id]] = int32(p)
		next[t.id]++
	}
}

// occurrences returns the positions of a stem in the context, ascending.
func (a *Analysis) occurrences(id int32) []int32 {
	if int(id)+1 >= len(a.first) || id == boundary {
		return nil
	}
	return a.positions[a.first[id]:a.first[id+1]]
}

func (a *Analysis) markMembers() {
	a.inContext = make([]bool, len(a.lex.stems))
	a.inQuestion = make([]bool, len(a.lex.stems))
	for _, t := range a.context {
		a.inContext[t.id] = true
	}
	a.inContext[boundary] = false
	for _, t := range a.question {
		a.inQuestion[t.id] = true
	}
	for word, digits := range numberWords {
		w, spelled := a.lex.ids[word]
		d, written := a.lex.ids[digits]
		if spelled && written {
			both := a.inContext[w] || a.inContext[d]
			a.inContext[w], a.inContext[d] = both, both
		}
	}
}

// known says whether the context or the question has the stem.
func (a *Analysis) known(id int32) bool { return a.inContext[id] || a.inQuestion[id] }

// HasContext says whether any passage has a word.
func (a *Analysis) HasContext() bool { return a.contextWords > 0 }

// ContextSentence returns the i-th sentence of the context.
func (a *Analysis) ContextSentence(i int) ContextSentence { return a.sentences[i] }

// Words returns the number of words and numbers in the answer.
func (a *Analysis) Words() int { return len(a.answer) }
