package dataset

import (
	"math"

	"github.com/ragline/ragline/schemas/event"
)

// RuleVersion names the rules of this package: tiers, duplicates, split, templates. A change of any gets a new one.
const RuleVersion = "rules-1"

// Tier says how far a row can be trusted.
type Tier string

// Tiers, the best first.
const (
	TierGold   Tier = "gold"
	TierSilver Tier = "silver"
	TierBronze Tier = "bronze"
	// TierNone keeps an answer out.
	TierNone Tier = ""
)

const (
	goldFeedback = 0.8
	badFeedback  = 0.5
	silverFloor  = 0.85
	bronzeFloor  = 0.7
	// silverSources is the number of different documents behind a silver answer.
	silverSources = 2
	// domainAccuracy is the evaluator that checks facts: what it rejects is wrong, not doubtful.
	domainAccuracy = "domain_accuracy"
)

// validators are the evaluators whose mean is the validation score. All but the last must have spoken.
func validators() []string {
	return []string{"hallucination", "grounding", "relevance", domainAccuracy}
}

// verdict is the tier of a trace and why.
type verdict struct {
	tier Tier
	// validation is the mean of the validators, -1 when they have not spoken.
	validation float64
	corrected  bool
	reason     string
}

// judge applies the tier table of DESIGN.md.
func judge(t *trace) verdict {
	if t.correction != nil {
		return verdict{tier: TierGold, validation: -1, corrected: true, reason: "corrected by a person"}
	}
	feedback, given := t.worstVerdict()
	switch {
	case unusable(t.interaction.GetState()):
		return verdict{validation: -1, reason: "the run gave no answer"}
	case given && feedback < badFeedback:
		return verdict{validation: -1, reason: "a person rejected it"}
	}
	if abstained, right := t.abstention(); abstained {
		if right {
			return verdict{tier: TierBronze, validation: 1, reason: "rightly abstained"}
		}
		return verdict{validation: -1, reason: "abstained without need, or nobody can tell"}
	}
	return t.judgeAnswer(feedback, given)
}

func (t *trace) judgeAnswer(feedback float64, given bool) verdict {
	mean, complete := t.validation()
	if !complete {
		return verdict{validation: -1, reason: "not evaluated"}
	}
	v := verdict{validation: mean}
	if t.objects(domainAccuracy) {
		v.reason = "contradicts a fact"
		return v
	}
	sound := true
	for _, name := range validators() {
		sound = sound && !t.objects(name)
	}
	switch {
	case given && feedback >= goldFeedback && sound:
		v.tier, v.reason = TierGold, "verified by a person, and no evaluator objects"
	case mean >= silverFloor && sound && distinctSources(t.interaction) >= silverSources:
		v.tier, v.reason = TierSilver, "validated, with at least two sources"
	case mean >= bronzeFloor:
		v.tier, v.reason = TierBronze, "above the floor"
	default:
		v.reason = "below the floor"
	}
	return v
}

func unusable(s event.AnswerState) bool {
	return s == event.AnswerState_ANSWER_STATE_FAILED || s == event.AnswerState_ANSWER_STATE_REJECTED
}

// abstention reports an answer that says it does not know, and whether the evaluators agree with it.
func (t *trace) abstention() (abstained, right bool) {
	g, ok := t.scores["grounding"]
	if ok && g.GetState() == event.ScoreState_SCORE_STATE_ABSTAINED {
		return true, g.Value != nil && t.value("grounding") >= 1
	}
	return t.interaction.GetState() == event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE, false
}

// validation is the mean of the validators' values. Domain accuracy takes part where it could check something.
func (t *trace) validation() (mean float64, complete bool) {
	n := 0.0
	for _, name := range validators() {
		s, ok := t.scores[name]
		if !ok || s.Value == nil || s.GetState() != event.ScoreState_SCORE_STATE_OK {
			if name == domainAccuracy {
				continue
			}
			return -1, false
		}
		mean += t.value(name)
		n++
	}
	return math.Round(mean/n*1e9) / 1e9, true // a mean of 0.7 and 0.7 must reach 0.7
}

// value turns every score so that higher is better.
func (t *trace) value(name string) float64 {
	s := t.scores[name]
	if s.GetDirection() == event.Direction_DIRECTION_LOWER_IS_BETTER {
		return 1 - s.GetValue()
	}
	return s.GetValue()
}

// objects says whether an evaluator has judged the answer and did not let it pass.
func (t *trace) objects(name string) bool {
	s, ok := t.scores[name]
	return ok && s.Value != nil && s.GetState() == event.ScoreState_SCORE_STATE_OK && !s.GetPassed()
}

func distinctSources(in *event.InteractionCaptured) int {
	ids := map[string]struct{}{}
	for _, s := range in.GetSources() {
		ids[s.GetDocumentId()] = struct{}{}
	}
	return len(ids)
}
