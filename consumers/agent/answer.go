package agent

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

func (t *trace) answerOf(r react.Result, now time.Time) *event.AnswerGiven {
	out := &event.AnswerGiven{
		QueryId: t.in.QueryID, ThreadId: t.in.ThreadID, TraceId: traceID(t.run.ID),
		Text: r.Answer, Success: r.Success(), State: stateOf(r.State), Sources: sourcesOf(r.Sources),
		Iterations:  int32(r.Iterations), //nolint:gosec // at most 100
		TotalTimeMs: t.latency(now), ToolsUsed: r.ToolsUsed,
		Model: t.modelOf(r), PromptVersion: r.Prompt.Version,
		Usage: usageOf(r.Usage), Cost: costOf(r.Spent), Origin: t.in.query.GetOrigin(), Error: r.Error,
	}
	for i, s := range r.Steps {
		out.Steps = append(out.Steps, &event.Step{
			Index: int32(i), Node: s.Node, Thought: s.Thought, Tool: s.Tool, ToolInput: clip(s.Input), //nolint:gosec // a few dozen steps
			Observation: clip(s.Observation), StartedAt: timestamppb.New(s.Started), DurationMs: s.Duration.Milliseconds(),
		})
	}
	return out
}

func (t *trace) interactionOf(r react.Result, now time.Time) *event.InteractionCaptured {
	return &event.InteractionCaptured{
		TraceId: traceID(t.run.ID), QueryId: t.in.QueryID, ThreadId: t.in.ThreadID,
		Question: t.in.query.GetText(), Answer: r.Answer, Sources: sourcesOf(r.Sources),
		Model: t.modelOf(r), SelfTrainedModel: r.SelfTrained, PromptName: r.Prompt.Name, PromptVersion: r.Prompt.Version,
		State: stateOf(r.State), ToolsUsed: r.ToolsUsed, Usage: usageOf(r.Usage), Cost: costOf(r.Spent),
		LatencyMs: t.latency(now), Origin: t.in.query.GetOrigin(),
	}
}

// modelOf is the model of the run, which keeps the one that it began with.
func (t *trace) modelOf(r react.Result) string {
	if r.Model != "" {
		return r.Model
	}
	return t.agent.deps.Model.Name()
}

func (t *trace) latency(now time.Time) int64 { return max(now.Sub(t.in.At).Milliseconds(), 0) }

func stateOf(s react.State) event.AnswerState {
	switch s {
	case react.StateAnswered:
		return event.AnswerState_ANSWER_STATE_ANSWERED
	case react.StateNotFound:
		return event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE
	case react.StateRejected:
		return event.AnswerState_ANSWER_STATE_REJECTED
	default:
		return event.AnswerState_ANSWER_STATE_FAILED
	}
}

func sourcesOf(list []react.Source) []*event.Source {
	var out []*event.Source
	for _, s := range list {
		out = append(out, &event.Source{
			DocumentId: s.DocumentID, Title: strings.TrimSpace(s.Title), Text: s.Text, Score: s.Score, Uri: s.URI, Cited: s.Cited,
		})
	}
	return out
}

func usageOf(u llm.Usage) *event.Usage {
	return &event.Usage{
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens,
		CacheReadInputTokens: u.CachedInputTokens, ReasoningOutputTokens: u.ReasoningTokens,
	}
}

// costOf is nil when a price was unknown: absent is not zero.
func costOf(s react.Spent) *event.Cost {
	if s.Unknown || s.Table == "" {
		return nil
	}
	return &event.Cost{PicoUsd: s.Pico, PriceTable: s.Table}
}

// reason is what a user is told about a failure; the error field has the whole of it.
func reason(err error) string {
	var model *llm.Error
	switch {
	case errors.Is(err, ErrCanceled):
		return "the question was canceled."
	case errors.Is(err, graph.ErrRecursion):
		return "the run took too many steps."
	case errors.Is(err, react.ErrMalformed):
		return "the language model gave neither an answer nor a tool call."
	case errors.As(err, &model):
		return "the language model is not available."
	default:
		return "the run failed."
	}
}
