package feature

import (
	"math"
	"unicode/utf8"
)

// AnswerabilityNames returns the names of Answerability in order.
func AnswerabilityNames() []string {
	return []string{"q_context", "q_context_len", "q_sentence", "q_pairs", "q_missing", "q_repeats", "q_words", "logctx"}
}

// Answerability describes whether the passages could answer the question, without looking at the answer:
// coverage of the question's content words by the passages (plain, weighted by length of the word, by the
// best sentence), of its adjacent pairs, the longest missing word, how often the found words occur, and sizes.
func (a *Analysis) Answerability() []float64 {
	words := a.contentOfQuestion()
	in := func(id int32) bool { return a.inContext[id] }
	return []float64{
		a.coverageOfQuestion(in),
		a.weightedCoverage(words, in),
		a.bestSentenceCoverage(words),
		a.pairCoverage(),
		a.longestMissing(words),
		a.repeats(words),
		math.Log1p(float64(len(words))),
		math.Log1p(float64(a.contextWords)),
	}
}

func (a *Analysis) contentOfQuestion() []token {
	var out []token
	for _, t := range a.question {
		if !t.stop {
			out = append(out, t)
		}
	}
	return out
}

// weightedCoverage takes the length of a word as a stand-in for its rarity: there is no corpus here.
func (a *Analysis) weightedCoverage(words []token, has func(int32) bool) float64 {
	var total, found float64
	for _, t := range words {
		w := float64(utf8.RuneCountInString(a.lex.stems[t.id]))
		total += w
		if has(t.id) {
			found += w
		}
	}
	if total == 0 {
		return 1
	}
	return found / total
}

func (a *Analysis) bestSentenceCoverage(words []token) float64 {
	if len(words) == 0 {
		return 1
	}
	shared := make([]int32, len(a.sentences))
	best := int32(0)
	for _, t := range words {
		last := int32(-1)
		for _, p := range a.occurrences(t.id) {
			if s := a.sentenceOf[p]; s >= 0 && s != last {
				shared[s]++
				best = max(best, shared[s])
				last = s
			}
		}
	}
	return float64(best) / float64(len(words))
}

func (a *Analysis) pairCoverage() float64 {
	total, found := 0.0, 0.0
	for i := 1; i < len(a.question); i++ {
		left, right := a.question[i-1], a.question[i]
		if left.stop && right.stop {
			continue
		}
		total++
		for _, p := range a.occurrences(left.id) {
			if int(p)+1 < len(a.context) && a.context[p+1].id == right.id {
				found++
				break
			}
		}
	}
	if total == 0 {
		return 0
	}
	return found / total
}

func (a *Analysis) longestMissing(words []token) float64 {
	longest := 0
	for _, t := range words {
		if !a.inContext[t.id] {
			longest = max(longest, utf8.RuneCountInString(a.lex.stems[t.id]))
		}
	}
	return math.Log1p(float64(longest))
}

func (a *Analysis) repeats(words []token) float64 {
	n := 0
	for _, t := range words {
		n += len(a.occurrences(t.id))
	}
	if len(words) == 0 {
		return 0
	}
	return math.Log1p(float64(n) / float64(len(words)))
}

// AnswerInOneSentence says whether one sentence of the passages has every number and more than half of the
// content words of the question. Without it, high coverage may come from sentences about different things:
// "API 624 runs 310 cycles" and "API 641 covers quarter-turn valves" do not say how many cycles API 641 runs.
func (a *Analysis) AnswerInOneSentence() bool {
	words := a.contentOfQuestion()
	if len(words) == 0 {
		return false
	}
	shared, numbers := make([]int, len(a.sentences)), make([]int, len(a.sentences))
	wanted := 0
	for _, t := range words {
		if t.number {
			wanted++
		}
		last := int32(-1)
		for _, p := range a.occurrences(t.id) {
			s := a.sentenceOf[p]
			if s < 0 || s == last {
				continue
			}
			last = s
			shared[s]++
			if t.number {
				numbers[s]++
			}
		}
	}
	for s := range shared {
		if numbers[s] == wanted && 2*shared[s] > len(words) {
			return true
		}
	}
	return false
}

// MissesWord says whether a content word of the question with at least so many letters is in no passage.
func (a *Analysis) MissesWord(letters int) bool {
	return a.longestMissing(a.contentOfQuestion()) >= math.Log1p(float64(letters))
}
