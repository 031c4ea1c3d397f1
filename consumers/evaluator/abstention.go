package evaluator

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/evaluator/feature"
	"github.com/ragline/ragline/schemas/event"
)

const (
	defaultNotFound = "not in the knowledge base"
	// Below the lower bound the passages do not answer the question, from the upper bound on they do;
	// in between nobody can tell without a model. BENCHMARKS.md has the error rates.
	answerableFrom    = 0.7
	unanswerableBelow = 0.3
	// tellingLetters: to blame an abstention takes more than coverage. A word of the question that is this long
	// and in no passage ("hydrogen") leaves it open.
	tellingLetters = 6
	// abstainsBelow: an answer whose other sentences have fewer words than this says nothing else.
	abstainsBelow = 6
)

// denial is an abstention in other words. The subject matters: "API 641 does not cover repacking" is an answer.
var denial = regexp.MustCompile(`(?i)\b(?:` +
	`(?:i|we) (?:do not|don't|cannot|can't|could not|couldn't) (?:know|have|find|answer|determine)|` +
	`(?:unable|not able) to (?:answer|find|determine)|cannot be answered|` +
	`(?:no|not enough|insufficient) (?:information|context|relevant|matching)|` +
	`(?:knowledge base|documents?|sources?|passages?|context|information|text)(?: (?:provided|given|available|retrieved))? ` +
	`(?:do not|does not|don't|doesn't) (?:contain|include|mention|provide|answer|say|specify|state|cover))\b`)

// abstention decides about answers that say that they do not know.
type abstention struct {
	notFound string
	model    calibrate.Model
}

func newAbstention(notFound string) (*abstention, error) {
	m, err := calibrate.Shipped("answerability")
	if err != nil {
		return nil, fmt.Errorf("loading answerability: %w", err)
	}
	return &abstention{notFound: notFound, model: m}, nil
}

// abstains also takes the agent's word for it: its state is set where the loop ended without an answer.
func (a *abstention) abstains(in *event.InteractionCaptured, analysed *analysis) bool {
	if in.GetState() == event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE {
		return true
	}
	return isDenial(in.GetAnswer(), a.notFound) && analysed.Words() < abstainsBelow
}

func isDenial(text, notFound string) bool {
	return containsFold(text, notFound) || denial.MatchString(text)
}

// blankAbstentions blanks the sentences that say "I do not know", so that the rest of a mixed answer is graded.
func blankAbstentions(answer, notFound string) string {
	if !isDenial(answer, notFound) {
		return answer
	}
	b := []byte(answer)
	for _, s := range feature.Sentences(answer) {
		if isDenial(answer[s.Start:s.End], notFound) {
			for i := s.Start; i < s.End; i++ {
				b[i] = ' '
			}
		}
	}
	return string(b)
}

type answerability int

const (
	unknown answerability = iota
	answerable
	unanswerable
)

// judge says whether the retrieved passages answer the question, and the probability of it.
func (a *abstention) judge(analysed *analysis) (answerability, float64) {
	if !analysed.HasContext() {
		return unanswerable, 0
	}
	p := a.model.Probability(analysed.Answerability())
	switch {
	case p >= answerableFrom && analysed.AnswerInOneSentence() && !analysed.MissesWord(tellingLetters):
		return answerable, p
	case p < unanswerableBelow:
		return unanswerable, p
	}
	return unknown, p
}

// result is the score of an abstention. An abstention from an answerable question claims nothing, so
// hallucination gives it no value, while grounding and relevance give it 0.
func (a *abstention) result(analysed *analysis, threshold float64, blame bool) Result {
	verdict, p := a.judge(analysed)
	r := Result{
		State:     event.ScoreState_SCORE_STATE_ABSTAINED,
		Threshold: threshold,
		Features:  map[string]float64{"answerable": p},
	}
	switch verdict {
	case unanswerable:
		r.Value, r.Label = ptr(1.0), "abstained"
		r.Explanation = "The answer abstains, and the retrieved passages do not answer the question."
	case answerable:
		r.Label = "answerable abstention"
		r.Explanation = "Answerable abstention: the answer abstains although the retrieved passages seem to answer the question."
		if blame {
			r.Value = ptr(0.0)
		}
	default:
		r.Label = "abstained, answerability unknown"
		r.Explanation = "The answer abstains; whether the retrieved passages answer the question is not clear."
	}
	return r
}

func containsFold(text, phrase string) bool {
	return phrase != "" && strings.Contains(strings.ToLower(text), strings.ToLower(phrase))
}

func ptr[T any](v T) *T { return &v }
