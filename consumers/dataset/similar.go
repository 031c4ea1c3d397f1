package dataset

import (
	"hash/fnv"
	"math"
	"regexp"
	"sort"
	"strings"
)

var citation = regexp.MustCompile(`\[[A-Za-z0-9][\w.:/#-]{0,99}\]`)

const (
	shingleWords = 3
	// nearFrom is the share of common shingles from which on two texts are near duplicates.
	nearFrom = 0.8
	// 20 bands of 5 propose 99.96 % of the pairs with a share of 0.8, and a fifth of those with 0.4.
	bands, bandRows = 20, 5
)

// similar finds earlier texts that nearly equal a text: MinHash bands propose, shingles decide.
type similar struct {
	buckets  map[uint64][]int
	shingles map[int]map[uint64]struct{}
	numbers  map[int]string
}

func newSimilar() *similar {
	return &similar{buckets: map[uint64][]int{}, shingles: map[int]map[uint64]struct{}{}, numbers: map[int]string{}}
}

func (s *similar) add(id int, text string) {
	words := wordsOf(text)
	set := shinglesOf(words)
	s.shingles[id], s.numbers[id] = set, numbersOf(words)
	for _, b := range bandsOf(set) {
		s.buckets[b] = append(s.buckets[b], id)
	}
}

// find returns an earlier text that nearly equals text. Texts with other numbers never do: "API 622 runs 1,510
// cycles" and "API 624 runs 310 cycles" share most words and mean different things.
func (s *similar) find(text string) (int, bool) {
	words := wordsOf(text)
	set, numbers := shinglesOf(words), numbersOf(words)
	for _, b := range bandsOf(set) {
		for _, id := range s.buckets[b] {
			if s.numbers[id] == numbers && jaccard(set, s.shingles[id]) >= nearFrom {
				return id, true
			}
		}
	}
	return 0, false
}

func shinglesOf(words []string) map[uint64]struct{} {
	set := map[uint64]struct{}{}
	for i := range max(1, len(words)-shingleWords+1) {
		h := fnv.New64a()
		for _, w := range words[i:min(len(words), i+shingleWords)] {
			_, _ = h.Write([]byte(w + " "))
		}
		set[h.Sum64()] = struct{}{}
	}
	return set
}

func numbersOf(words []string) string {
	var numbers []string
	for _, w := range words {
		if strings.ContainsAny(w, "0123456789") {
			numbers = append(numbers, w)
		}
	}
	sort.Strings(numbers)
	return strings.Join(numbers, " ")
}

// bandsOf are the keys under which a set is filed.
func bandsOf(set map[uint64]struct{}) []uint64 {
	keys := make([]uint64, bands)
	for band := range bands {
		key := uint64(band)
		for i := range bandRows {
			lowest := uint64(math.MaxUint64)
			for shingle := range set {
				lowest = min(lowest, mix(shingle^mix(uint64(band*bandRows+i+1))))
			}
			key = mix(key ^ lowest)
		}
		keys[band] = key
	}
	return keys
}

// mix is the finaliser of SplitMix64: a cheap family of hash functions.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func jaccard(a, b map[uint64]struct{}) float64 {
	both := 0
	for x := range a {
		if _, ok := b[x]; ok {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
