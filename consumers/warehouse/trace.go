package warehouse

import (
	"context"
	"fmt"
	"time"
)

// Trace is all that is known about one run.
type Trace struct {
	ID string
	// Spans are ordered by start.
	Spans    []Span
	Scores   []Score
	Feedback []Feedback
}

// Span is a row of spans, without what only machines read.
type Span struct {
	SpanID        string            `ch:"span_id"`
	ParentSpanID  string            `ch:"parent_span_id"`
	Name          string            `ch:"name"`
	Kind          string            `ch:"kind"`
	Operation     string            `ch:"operation"`
	Start         time.Time         `ch:"start_time"`
	Duration      time.Duration     `ch:"-"`
	DurationNS    int64             `ch:"duration_ns"`
	Status        string            `ch:"status"`
	StatusMessage string            `ch:"status_message"`
	Provider      string            `ch:"provider"`
	Model         string            `ch:"model"`
	InputTokens   int64             `ch:"input_tokens"`
	OutputTokens  int64             `ch:"output_tokens"`
	CostUSD       *string           `ch:"cost_usd"`
	Input         string            `ch:"input"`
	Output        string            `ch:"output"`
	Attributes    map[string]string `ch:"attributes"`
	ThreadID      string            `ch:"thread_id"`
	QueryID       string            `ch:"query_id"`
	UserID        string            `ch:"user_id"`
	SessionID     string            `ch:"session_id"`
}

// Score is a row of scores.
type Score struct {
	Name        string   `ch:"name"`
	Value       *float64 `ch:"value"`
	Label       string   `ch:"label"`
	State       string   `ch:"state"`
	Explanation string   `ch:"explanation"`
	Evaluator   string   `ch:"evaluator"`
	Passed      bool     `ch:"passed"`
}

// Feedback is a row of feedback.
type Feedback struct {
	Value           float64 `ch:"value"`
	Comment         string  `ch:"comment"`
	CorrectedAnswer string  `ch:"corrected_answer"`
	Channel         string  `ch:"channel"`
}

// Trace returns the spans, scores and feedback of a trace, repeats removed. An unknown trace is empty.
func (w *Warehouse) Trace(ctx context.Context, traceID string) (Trace, error) {
	t := Trace{ID: traceID}
	err := w.Select(ctx, &t.Spans, `SELECT span_id, parent_span_id, name, kind, operation, start_time, duration_ns,
    status, status_message, provider, model, input_tokens, output_tokens, toString(cost) AS cost_usd,
    input, output, attributes, thread_id, query_id, user_id, session_id
FROM spans WHERE trace_id = ? ORDER BY start_time, end_time DESC, span_id LIMIT 1 BY span_id`, traceID)
	if err != nil {
		return Trace{}, fmt.Errorf("reading spans of trace %s: %w", traceID, err)
	}
	for i := range t.Spans {
		t.Spans[i].Duration = time.Duration(t.Spans[i].DurationNS)
	}
	if err := w.readTexts(ctx, t); err != nil {
		return Trace{}, err
	}
	err = w.Select(ctx, &t.Scores, `SELECT name, value, label, state, explanation, evaluator, passed
FROM scores WHERE trace_id = ? ORDER BY name, evaluator, time LIMIT 1 BY event_id`, traceID)
	if err != nil {
		return Trace{}, fmt.Errorf("reading scores of trace %s: %w", traceID, err)
	}
	err = w.Select(ctx, &t.Feedback, `SELECT value, comment, corrected_answer, channel
FROM feedback WHERE trace_id = ? ORDER BY time LIMIT 1 BY event_id`, traceID)
	if err != nil {
		return Trace{}, fmt.Errorf("reading feedback on trace %s: %w", traceID, err)
	}
	return t, nil
}

// readTexts replaces the previews by the whole texts, where these are still kept.
func (w *Warehouse) readTexts(ctx context.Context, t Trace) error {
	var texts []struct {
		SpanID string `ch:"span_id"`
		Input  string `ch:"input"`
		Output string `ch:"output"`
	}
	err := w.Select(ctx, &texts, `SELECT span_id, input, output
FROM spans_full WHERE trace_id = ? ORDER BY start_time LIMIT 1 BY span_id`, t.ID)
	if err != nil {
		return fmt.Errorf("reading texts of trace %s: %w", t.ID, err)
	}
	at := make(map[string]int, len(t.Spans))
	for i, s := range t.Spans {
		at[s.SpanID] = i
	}
	for _, text := range texts {
		if i, ok := at[text.SpanID]; ok {
			t.Spans[i].Input, t.Spans[i].Output = text.Input, text.Output
		}
	}
	return nil
}
