package react

import (
	"errors"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
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
	// Prompt names what the model was told. Zero before the first call.
	Prompt llm.Prompt
	Usage  llm.Usage
	Spent  Spent
	// Model is the name of the model of the run, where there are several, and SelfTrained what it says of itself.
	Model       string
	SelfTrained bool
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
	var errs [10]error
	r.Answer, errs[0] = keyAnswer.Get(s)
	r.State, errs[1] = keyState.Get(s)
	r.Iterations, errs[2] = keyIterations.Get(s)
	r.Prompt, errs[3] = keyPrompt.Get(s)
	r.Usage, errs[4] = keyUsage.Get(s)
	r.Spent, errs[5] = keyCost.Get(s)
	r.Error, errs[6] = keyError.Get(s)
	records, err := keySteps.Get(s)
	errs[7] = err
	thoughts, err := keyThoughts.Get(s)
	errs[8] = err
	run, err := keyRun.Get(s)
	errs[9] = err
	r.Model, r.SelfTrained = run.Model, run.SelfTrained
	conv, err := converse(s)
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return Result{}, err
	}
	r.Question = conv.question()
	r.Steps = conv.steps(records, thoughts, r.Answer)
	r.observed(conv)
	return r, nil
}

// ModelOf returns the name of the model of a run, where there are several and one was chosen, and whether it was trained here.
func ModelOf(s graph.State) (name string, selfTrained bool, err error) {
	run, err := keyRun.Get(s)
	return run.Model, run.SelfTrained, err
}

// observed collects what the tools gave.
func (r *Result) observed(conv conversation) {
	seen := map[string]bool{}
	for _, m := range conv.messages {
		if m.Type != message.Tool {
			continue
		}
		if m.Status != message.Failure && !seen["tool "+m.Name] {
			seen["tool "+m.Name] = true
			r.ToolsUsed = append(r.ToolsUsed, m.Name)
		}
		for _, p := range (tool.Result{Text: m.Content.String(), Data: m.Artifact}).Sources() {
			if key := p.DocumentID + " " + p.Text; !seen[key] {
				seen[key] = true
				r.Sources = append(r.Sources, Source{Passage: p, Cited: strings.Contains(r.Answer, "["+p.DocumentID+"]")})
			}
		}
	}
}
