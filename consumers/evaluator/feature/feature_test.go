package feature

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const passage = "The emission test of API 622 runs 1,510 mechanical cycles. The test gas is methane at 0 to 600 psi."

func analyse(question, answer string, texts ...string) *Analysis {
	in := Input{Question: question, Answer: answer}
	for i, t := range texts {
		in.Passages = append(in.Passages, Passage{ID: string(rune('a' + i)), Text: t})
	}
	return Analyse(in)
}

func stems(l *lexicon, tokens []token) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = l.stems[t.id]
	}
	return out
}

func TestTokensAreStemmedWordsAndNumbersWithoutCommas(t *testing.T) {
	t.Parallel()
	l := newLexicon()
	text := "The valve’s seals, tested at 1,510 cycles (1.78e-7); Öl-Dichtungen don't leak."
	tokens := l.tokenize(text, nil)
	require.Equal(t, []string{
		"the", "valve", "seal", "test", "at", "1510", "cycl", "1.78", "e", "7", "öl", "dichtungen", "don't", "leak",
	}, stems(l, tokens))
	for _, tok := range tokens {
		require.NotContains(t, text[tok.start:tok.end], " ")
	}
}

func TestStopWordsAreTestedBeforeStemming(t *testing.T) {
	t.Parallel()
	l := newLexicon()
	for _, tok := range l.tokenize("This does has these during his", nil) {
		require.True(t, tok.stop, l.stems[tok.id])
	}
}

func TestStemLeavesThreeLetters(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"studies": "study", "repeatedly": "repeat", "testing": "test", "ring": "ring", "is": "is", "gas": "gas",
		"boxes": "box", "exceedingly": "exceed", "valve's": "valve",
	} {
		require.Equal(t, want, string(stem([]byte(word))), word)
	}
}

func TestSentencesEndBeforeCapitalsAndDigitsAndAtNewlines(t *testing.T) {
	t.Parallel()
	text := "Leaks at e.g. flanges count. \"Yes.\" 622 is next! ok\n- second line\nno. 1"
	var got []string
	for _, s := range Sentences(text) {
		got = append(got, text[s.Start:s.End])
	}
	require.Equal(t, []string{"Leaks at e.g. flanges count.", "\"Yes.\"", "622 is next! ok", "- second line", "no."}, got)
}

func TestQuotedAnswerHasNoRisk(t *testing.T) {
	t.Parallel()
	a := analyse("How many cycles?", "The emission test of API 622 runs 1,510 mechanical cycles.", passage)
	v := a.Vector().Map()
	for _, name := range []string{"uni", "bi", "tri", "idf", "num_bad", "num_any", "ent_bad", "smin", "smean", "novel_run", "coverage"} {
		require.InDelta(t, 0, v[name], 1e-12, name)
	}
	require.InDelta(t, -math.Log1p(10), v["density"], 1e-12)
	require.InDelta(t, 0, v["qcov"], 1e-12)
}

func TestFeaturesOfAPartlySupportedAnswer(t *testing.T) {
	t.Parallel()
	a := analyse("How many cycles?", "API 622 runs 2,000 cycles. Helium from Munich is used.", passage)
	v := a.Vector().Map()
	// Content words: api 622 run 2000 cycl | helium munich used: four of eight are unknown.
	require.InDelta(t, 0.5, v["uni"], 1e-12)
	require.InDelta(t, 0.5, v["num_bad"], 1e-12) // 2000 of {622, 2000}
	require.InDelta(t, math.Log1p(1), v["num_any"], 1e-12)
	require.InDelta(t, 0.5, v["ent_bad"], 1e-12) // Munich of {API, Munich}: Helium opens its sentence
	require.InDelta(t, 1, v["smin"], 1e-12)
	require.InDelta(t, (0.2+1)/2, v["smean"], 1e-12)
	require.InDelta(t, 1-2.0/9, v["bi"], 1e-12) // api 622, 622 runs
	require.InDelta(t, 1-1.0/8, v["tri"], 1e-12)
	require.InDelta(t, math.Log1p(2), v["nsent"], 1e-12)
	require.InDelta(t, math.Log1p(10), v["loglen"], 1e-12)
}

func TestNumberWordsMatchDigits(t *testing.T) {
	t.Parallel()
	require.Zero(t, analyse("", "It takes 5 days.", "Within five days.").Vector().Map()["num_bad"])
	terms, _ := analyse("", "It takes five days.", "Within 5 days.").Unsupported(Sentence{from: 0, to: 4})
	require.Equal(t, []string{"takes"}, terms)
}

func TestNoPhraseRunsFromOnePassageIntoTheNext(t *testing.T) {
	t.Parallel()
	one := analyse("", "alpha beta", "alpha beta").Vector()
	two := analyse("", "alpha beta", "alpha", "beta").Vector()
	require.Zero(t, one[1])
	require.InDelta(t, 1, two[1], 0)
}

func TestStructuredContextGivesNullsAndTimes(t *testing.T) {
	t.Parallel()
	hours := `{"name": "Deli", "hours": {"Monday": "8:0-17:0", "Friday": "08:00-17:30"}, "OutdoorSeating": null}`
	a := analyse("", "It opens at 8 am, closes at 6 pm and has outdoor seating.", hours)
	v := a.Vector().Map()
	require.InDelta(t, math.Log1p(1), v["null_claim"], 1e-12)
	require.InDelta(t, math.Log1p(1), v["time_bad"], 1e-12)
	flat, structured := flatten(hours)
	require.True(t, structured)
	require.Contains(t, flat, "OutdoorSeating: None\n")
}

func TestHedgeListAndNegation(t *testing.T) {
	t.Parallel()
	v := analyse("", "1. The text does not mention it.\n- There is no information.", passage).Vector().Map()
	require.InDelta(t, 1, v["hedge"], 0)
	require.InDelta(t, math.Log1p(2), v["list"], 1e-12)
	require.Greater(t, v["neg"], 0.0)
}

func TestEmptyTextsGiveFiniteNumbers(t *testing.T) {
	t.Parallel()
	for _, a := range []*Analysis{analyse("", ""), analyse("why?", "", passage), analyse("", "Word", ""), analyse("a", "the of and")} {
		v := a.Vector()
		for _, x := range append(append(v[:], a.Answerability()...), a.Relevance()...) {
			require.False(t, math.IsNaN(x) || math.IsInf(x, 0))
		}
	}
}

func TestSupportNamesBestSentenceAndMissingWords(t *testing.T) {
	t.Parallel()
	a := analyse("", "Über 9,999 cycles run. The gas is methane.", passage)
	sentences := a.AnswerSentences()
	require.Len(t, sentences, 2)
	require.Equal(t, "Über 9,999 cycles run.", a.Text(sentences[0]))
	terms, numbers := a.Unsupported(sentences[0])
	require.Equal(t, []string{"Über"}, terms)
	require.Equal(t, []string{"9,999"}, numbers)
	require.Equal(t, "The test gas is methane at 0 to 600 psi.", a.ContextSentence(sentences[1].Best).Text)
	require.InDelta(t, 1, sentences[1].Overlap, 0)
}

func TestShortAnswerReachesTheQuestionThroughItsSource(t *testing.T) {
	t.Parallel()
	names := RelevanceNames()
	r := analyse("How many mechanical cycles does API 622 run?", "1,510 cycles", passage).Relevance()
	got := map[string]float64{}
	for i, n := range names {
		got[n] = r[i]
	}
	require.InDelta(t, 1, got["q_bridge"], 1e-12)
	require.Less(t, got["q_answer"], 0.5)
	require.InDelta(t, 1, got["kind"], 0)
}

func TestEchoIsRecognisedButYesIsNot(t *testing.T) {
	t.Parallel()
	require.True(t, analyse("What does API 622 test?", "API 622 test.", passage).EchoesQuestion())
	require.False(t, analyse("What does API 622 test?", "API 622 tests packing.", passage).EchoesQuestion())
	require.False(t, analyse("Does API 622 test packing?", "API 622 does test packing.", passage).EchoesQuestion())
}

// thousandWords is a context of about 1,000 words in five passages.
func thousandWords() Input {
	in := Input{Question: "How many mechanical cycles does API 622 run?", Answer: strings.Repeat("The emission test of API 622 runs 1,510 mechanical cycles with methane. The packing of Munich leaks at 450 C in air. ", 4)}
	for i := range 5 {
		in.Passages = append(in.Passages, Passage{ID: string(rune('a' + i)), Title: "API 622", Text: strings.Repeat(passage+" Graphite packing seals valve stems below the limits that the standard names for steam. ", 6)})
	}
	return in
}

func BenchmarkVector(b *testing.B) {
	in := thousandWords()
	b.ReportAllocs()
	for b.Loop() {
		Analyse(in).Vector()
	}
	b.ReportMetric(float64(Analyse(in).contextWords), "words")
}
