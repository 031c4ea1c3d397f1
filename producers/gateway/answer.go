package gateway

import (
	"strings"
	"time"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

// answerView is an answer as the gateway writes it: snake_case, and numbers as numbers.
type answerView struct {
	QueryID       string       `json:"query_id"`
	ThreadID      string       `json:"thread_id"`
	TraceID       string       `json:"trace_id"`
	State         string       `json:"state"`
	Success       bool         `json:"success"`
	Text          string       `json:"text"`
	Error         string       `json:"error,omitempty"`
	Sources       []sourceView `json:"sources"`
	Steps         []stepView   `json:"steps"`
	ToolsUsed     []string     `json:"tools_used"`
	Iterations    int32        `json:"iterations"`
	TotalTimeMs   int64        `json:"total_time_ms"`
	Model         string       `json:"model"`
	PromptVersion string       `json:"prompt_version"`
	Usage         *usageView   `json:"usage,omitempty"`
	CostPicoUSD   *int64       `json:"cost_pico_usd,omitempty"`
	AnsweredAt    time.Time    `json:"answered_at"`
}

type sourceView struct {
	DocumentID string  `json:"document_id"`
	Title      string  `json:"title"`
	Text       string  `json:"text"`
	Score      float64 `json:"score"`
	URI        string  `json:"uri"`
	Cited      bool    `json:"cited"`
}

type stepView struct {
	Index       int32  `json:"index"`
	Node        string `json:"node"`
	Thought     string `json:"thought,omitempty"`
	Tool        string `json:"tool,omitempty"`
	ToolInput   string `json:"tool_input,omitempty"`
	Observation string `json:"observation,omitempty"`
	DurationMs  int64  `json:"duration_ms"`
}

type usageView struct {
	InputTokens  int64 `json:"input_tokens"`
	OutputTokens int64 `json:"output_tokens"`
}

func viewAnswer(a *sdk.Answer) answerView {
	v := answerView{
		QueryID: a.GetQueryId(), ThreadID: a.GetThreadId(), TraceID: a.GetTraceId(),
		State: stateName(a.GetState()), Success: a.GetSuccess(), Text: a.GetText(), Error: a.GetError(),
		Sources: []sourceView{}, Steps: []stepView{}, ToolsUsed: append([]string{}, a.GetToolsUsed()...),
		Iterations: a.GetIterations(), TotalTimeMs: a.GetTotalTimeMs(),
		Model: a.GetModel(), PromptVersion: a.GetPromptVersion(), AnsweredAt: a.Time,
	}
	for _, s := range a.GetSources() {
		v.Sources = append(v.Sources, sourceView{s.GetDocumentId(), s.GetTitle(), s.GetText(), s.GetScore(), s.GetUri(), s.GetCited()})
	}
	for _, s := range a.GetSteps() {
		v.Steps = append(v.Steps, stepView{s.GetIndex(), s.GetNode(), s.GetThought(), s.GetTool(), s.GetToolInput(), s.GetObservation(), s.GetDurationMs()})
	}
	if u := a.GetUsage(); u != nil {
		v.Usage = &usageView{u.GetInputTokens(), u.GetOutputTokens()}
	}
	if c := a.GetCost(); c != nil {
		v.CostPicoUSD = &c.PicoUsd
	}
	return v
}

// stateName is the enum's name without its prefix: answered, not_in_knowledge_base, rejected, failed, unspecified.
func stateName(s event.AnswerState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ANSWER_STATE_"))
}
