package feature

import "math"

// Count is the number of features of an answer.
const Count = 24

// Vector holds the features of an answer in the order of Names.
// The first 13 grow with the risk that the answer is not supported; the sign of the others is learned.
type Vector [Count]float64

var names = [Count]string{
	"uni", "bi", "tri", "idf", "num_bad", "num_any", "ent_bad", "ent_any", "smin", "smean", "novel_run",
	"density", "coverage", "neg", "qcov", "loglen", "logctx", "logratio", "time_bad", "null_claim", "subj",
	"hedge", "nsent", "list",
}

// Names returns the names of the features in the order of Vector.
func Names() []string { return append([]string(nil), names[:]...) }

// Map returns the features by name.
func (v Vector) Map() map[string]float64 {
	m := make(map[string]float64, Count)
	for i, name := range names {
		m[name] = v[i]
	}
	return m
}

// Vector computes the features of the answer.
func (a *Analysis) Vector() Vector {
	var v Vector
	v[0], v[3] = a.unigrams()
	v[1], v[2] = a.ngrams()
	v[4], v[5] = a.numbers()
	v[6], v[7] = a.entities()
	v[8], v[9] = a.sentenceRisk()
	v[10] = a.novelRun()
	v[11], v[12] = a.fragments()
	v[13] = math.Abs(negationRate(a.answer, len(a.answer)) - negationRate(a.context, a.contextWords))
	v[14] = 1 - a.questionCoverage()
	v[15] = math.Log1p(float64(len(a.answer)))
	v[16] = math.Log1p(float64(a.contextWords))
	v[17] = v[15] - v[16]
	v[18] = a.wrongTimes()
	v[19] = a.nullClaims()
	v[20] = a.subjectivity()
	v[21] = hedge(a.in.Answer)
	v[22] = math.Log1p(float64(len(a.answerSentences)))
	v[23] = listLines(a.in.Answer)
	return v
}

func (a *Analysis) sentenceRisk() (worst, mean float64) {
	n := 0
	for _, s := range a.answerSentences {
		if s.Content == 0 {
			continue
		}
		n++
		risk := 1 - s.Overlap
		worst = max(worst, risk)
		mean += risk
	}
	if n == 0 {
		return 0, 0
	}
	return worst, mean / float64(n)
}

func negationRate(tokens []token, words int) float64 {
	if words == 0 {
		return 0
	}
	n := 0
	for _, t := range tokens {
		if t.negation {
			n++
		}
	}
	return float64(n) / float64(words)
}

// questionCoverage is the share of the question's content words that the answer has; 1 without a question.
func (a *Analysis) questionCoverage() float64 {
	in := make([]bool, len(a.lex.stems))
	for _, t := range a.answer {
		in[t.id] = true
	}
	return a.coverageOfQuestion(func(id int32) bool { return in[id] })
}

func (a *Analysis) coverageOfQuestion(has func(int32) bool) float64 {
	total, found := 0, 0
	for _, t := range a.question {
		if t.stop {
			continue
		}
		total++
		if has(t.id) {
			found++
		}
	}
	if total == 0 {
		return 1
	}
	return float64(found) / float64(total)
}
