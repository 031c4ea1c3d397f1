package feature

import "math"

// maxOccurrences bounds the starts that are tried for one fragment.
const maxOccurrences = 200

// unigrams returns the share of the answer's content words (of all words if it has none) that neither
// context nor question has: plain, and weighted by rarity over the context's sentences.
func (a *Analysis) unigrams() (uni, idf float64) {
	var total, known, weight, knownWeight float64
	for pass := 0; pass < 2 && total == 0; pass++ {
		for _, t := range a.answer {
			if t.stop && pass == 0 {
				continue
			}
			w := a.rarity(t.id)
			total++
			weight += w
			if a.known(t.id) {
				known++
				knownWeight += w
			}
		}
	}
	if total == 0 {
		return 0, 0
	}
	return 1 - known/total, 1 - knownWeight/weight
}

func (a *Analysis) rarity(id int32) float64 {
	df, last := 0, int32(-1)
	for _, p := range a.occurrences(id) {
		if s := a.sentenceOf[p]; s >= 0 && s != last {
			df++
			last = s
		}
	}
	return math.Log(1 + (float64(len(a.sentences))+1)/(float64(df)+0.5))
}

// ngrams returns the shares of the answer's word pairs and triples that the context does not have.
func (a *Analysis) ngrams() (bi, tri float64) {
	n := len(a.answer)
	switch n {
	case 0:
		return 0, 0
	case 1:
		if a.inContext[a.answer[0].id] {
			return 0, 0
		}
		return 1, 1
	}
	var pairs, triples float64
	for i := range n - 1 {
		longest := a.longestMatch(i, 3)
		if longest >= 2 {
			pairs++
		}
		if longest >= 3 {
			triples++
		}
	}
	bi = 1 - pairs/float64(n-1)
	if n < 3 {
		return bi, bi
	}
	return bi, 1 - triples/float64(n-2)
}

// longestMatch returns how many tokens of the answer from i on stand in the context in the same order,
// at most limit (0: no limit).
func (a *Analysis) longestMatch(i, limit int) int {
	best := 0
	for k, p := range a.occurrences(a.answer[i].id) {
		if limit == 0 && k == maxOccurrences {
			break
		}
		best = max(best, a.matchAt(i, int(p), limit))
		if best == limit && limit > 0 {
			break
		}
	}
	return best
}

func (a *Analysis) matchAt(i, p, limit int) int {
	n := 0
	for i+n < len(a.answer) && p+n < len(a.context) && a.answer[i+n].id == a.context[p+n].id {
		n++
		if n == limit {
			break
		}
	}
	return n
}

// fragments walks greedily over the longest pieces that the answer shares with the context.
func (a *Analysis) fragments() (density, coverage float64) {
	n := float64(len(a.answer))
	if n == 0 {
		return 0, 0
	}
	var squares, covered float64
	for i := 0; i < len(a.answer); {
		length := a.longestMatch(i, 0)
		squares += float64(length * length)
		covered += float64(length)
		i += max(length, 1)
	}
	return -math.Log1p(squares / n), 1 - covered/n
}

// novelRun is ln(1 + n) of the longest run of words that are neither known nor stop words.
func (a *Analysis) novelRun() float64 {
	longest, run := 0, 0
	for _, t := range a.answer {
		if t.stop || a.known(t.id) {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return math.Log1p(float64(longest))
}
