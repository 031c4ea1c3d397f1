package evaluator

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

const (
	domainVersion = "domain-accuracy-2026.11.1"
	// The facts of the pack are certain, so one contradicted statement among nine fails the answer.
	accurateFrom = 0.9
)

// domainAccuracy checks statements against the fact table of the knowledge pack.
type domainAccuracy struct{ facts *domain.Facts }

func newDomainAccuracy(pack *domain.Pack) *domainAccuracy {
	d := &domainAccuracy{}
	if pack != nil {
		d.facts = pack.Facts
	}
	return d
}

// Name of the score. 1 contradicts no fact.
func (d *domainAccuracy) Name() string { return "domain_accuracy" }

// Version of the rule.
func (d *domainAccuracy) Version() string { return domainVersion }

// Evaluate is confirmed / (confirmed + contradicted). Without a checkable statement there is no value: an
// answer about nothing that the table knows is not accurate, it is unchecked.
func (d *domainAccuracy) Evaluate(_ context.Context, in *event.InteractionCaptured) (Result, error) {
	if r, ok := unjudged(in); ok {
		return r, nil
	}
	if d.facts == nil {
		return notChecked("There is no fact table."), nil
	}
	claims := d.facts.Check(in.GetAnswer())
	value, ok := domain.Score(claims)
	if !ok {
		return notChecked("The answer has no statement that the fact table can check."), nil
	}
	r := Result{
		State:       event.ScoreState_SCORE_STATE_OK,
		Value:       &value,
		Threshold:   accurateFrom,
		Label:       "accurate",
		Explanation: explainClaims(claims),
		Evidence:    claimEvidence(in.GetAnswer(), claims),
	}
	if !r.Passed() {
		r.Label = "inaccurate"
	}
	return r, nil
}

func notChecked(why string) Result {
	return Result{
		State: event.ScoreState_SCORE_STATE_NOT_APPLICABLE, Threshold: accurateFrom,
		Label: "not checked", Explanation: why,
	}
}

func explainClaims(claims []domain.Claim) string {
	n, wrong := 0, ""
	for _, c := range claims {
		switch {
		case c.Verdict == domain.VerdictConfirmed:
			n++
		case c.Verdict == domain.VerdictContradicted && wrong == "":
			wrong = fmt.Sprintf("%s %s %s is contradicted: %s", c.Entity, c.Attribute, strings.TrimSpace(c.Value+" "+c.Unit), factNote(c))
		}
	}
	if wrong != "" {
		return wrong
	}
	return fmt.Sprintf("The fact table confirms all %d statements that it can check.", n)
}

// claimEvidence lists the claims that were decided.
func claimEvidence(answer string, claims []domain.Claim) []*event.Evidence {
	var list []*event.Evidence
	from := 0
	for _, c := range claims {
		if c.Verdict != domain.VerdictConfirmed && c.Verdict != domain.VerdictContradicted {
			continue
		}
		e := &event.Evidence{Sentence: c.Sentence, Verdict: confirmed, Note: factNote(c)}
		if c.Verdict == domain.VerdictContradicted {
			e.Verdict = contradicted
			e.UnsupportedNumbers = []string{strings.TrimSpace(c.Value + " " + c.Unit)}
		}
		if c.Fact != nil {
			e.DocumentId, e.SourceSentence = c.Fact.Document, c.Fact.Text
		}
		e.Start, e.End = locate(answer, c.Sentence, &from)
		list = append(list, e)
	}
	return list
}

func factNote(c domain.Claim) string {
	if c.Fact == nil {
		return ""
	}
	return fmt.Sprintf("fact %d: %s", c.Fact.Number, c.Fact.Text)
}

// locate finds a claim's sentence in the answer from *from on. The table drops citations and markup, so when
// the sentence is not there as it stands, its start is looked up; offsets are 0 when that fails too.
func locate(answer, sentence string, from *int) (start, end int32) {
	for _, piece := range []string{sentence, firstWords(sentence)} {
		if i := strings.Index(answer[*from:], piece); i >= 0 && piece != "" {
			at := *from + i
			*from = at
			return int32(at), int32(at + len(piece))
		}
	}
	return 0, 0
}

func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(4, len(words))], " ")
}
