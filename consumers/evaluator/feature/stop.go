package feature

import "strings"

const stopWordList = `a an the and or but if then than that this these those of in on at by for with from to into
onto as is are was were be been being am do does did doing have has had having it its he she they them his her
their we us our you your i me my not no nor so such which who whom whose what when where why how can could will
would shall should may might must there here also about after before over under between during while because
until again further more most some any each few other own same too very just only both all up down out off many much`

const negationList = `not no never none neither nor without cannot cant`

var (
	stopWords = wordSet(stopWordList)
	negations = wordSet(negationList)
)

func wordSet(list string) map[string]struct{} {
	set := make(map[string]struct{})
	for _, w := range strings.Fields(list) {
		set[w] = struct{}{}
	}
	return set
}

func isStopWord(word []byte) bool {
	_, ok := stopWords[string(word)]
	return ok
}

// isNegation also takes "isn't" and "don't": the tokenizer keeps the apostrophe.
func isNegation(word []byte) bool {
	if _, ok := negations[string(word)]; ok {
		return true
	}
	n := len(word)
	return n > 3 && string(word[n-3:]) == "n't"
}
