package react

import (
	"errors"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// Result is what a run has come to, also before its end.
type Result struct {
	Question   string
	Answer     string
	State      State
	Error      string
	Iterations int
	Steps      []Step
	ToolsUsed  []string
	Sources    []Source
	Usage      llm.Usage
	Spent      Spent
}

// Source is a passage that the run has seen.
type Source struct {
	llm.Passage
	Cited bool
}

// Success says whether the run came to an answer, which may be that there is none.
func (r Result) Success() bool { return r.State == StateAnswered || r.State == StateNotFound }

// ReadResult reads the result from a state.
func ReadResult(s graph.State) (Result, error) {
	var r Result
	var errs [7]error
	r.Question, errs[0] = keyQuestion.Get(s)
	r.Answer, errs[1] = keyAnswer.Get(s)
	r.State, errs[2] = keyState.Get(s)
	r.Iterations, errs[3] = keyIterations.Get(s)
	r.Steps, errs[4] = keySteps.Get(s)
	r.Usage, errs[5] = keyUsage.Get(s)
	r.Spent, errs[6] = keyPico.Get(s)
	failure, err := keyError.Get(s)
	r.Error = failure
	observations, err2 := keyObservations.Get(s)
	if err := errors.Join(append(errs[:], err, err2)...); err != nil {
		return Result{}, err
	}
	fillIn(r.Steps, observations)
	seen := map[string]bool{}
	for _, o := range observations {
		if !o.Failed && !seen["tool "+o.Call.Tool] {
			seen["tool "+o.Call.Tool] = true
			r.ToolsUsed = append(r.ToolsUsed, o.Call.Tool)
		}
		for _, p := range o.Result.Sources() {
			if key := p.DocumentID + " " + p.Text; !seen[key] {
				seen[key] = true
				r.Sources = append(r.Sources, Source{Passage: p, Cited: strings.Contains(r.Answer, "["+p.DocumentID+"]")})
			}
		}
	}
	return r, nil
}

// fillIn gives the k-th observation step the k-th observation.
func fillIn(steps []Step, observations []Observation) {
	k := 0
	for i := range steps {
		if steps[i].Node == NodeObserve && k < len(observations) {
			steps[i].Observation = observations[k].Result.Text
			k++
		}
	}
}
