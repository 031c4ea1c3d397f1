package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestFeedbackReachesTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	r := b.do(t, "POST", "/v1/feedback", `{"query_id": "q-1", "value": 0, "correctedAnswer": "100 ppmv"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	matches(t, "Published", r.raw)
	e := b.last(t, topic.Feedback)
	f := e.Data.(*event.FeedbackGiven)
	require.Equal(t, r.fields["id"], e.ID)
	require.Zero(t, f.GetValue())
	require.Equal(t, "gateway", f.GetChannel())
	require.Equal(t, "100 ppmv", f.GetCorrectedAnswer())
}

func TestDocumentsArePutAndRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	r := b.do(t, "POST", "/v1/documents", `{"document_id": "guides/api 624", "title": "API 624", "text": "# API 624", "modified_at": "2026-11-20T09:30:00Z"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	d := b.last(t, topic.Documents).Data.(*event.DocumentChanged)
	require.Equal(t, "text/markdown", d.GetMediaType())
	require.Len(t, d.GetContentSha256(), 64)

	r = b.do(t, "DELETE", "/v1/documents/guides%2Fapi%20624", "")
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	e := b.last(t, topic.Documents)
	require.Nil(t, e.Data)
	require.Equal(t, "guides/api 624", e.Key)
}

func TestReviewIsDecided(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	r := b.do(t, "POST", "/v1/reviews/r-1/decision", `{"thread_id": "t-1", "decision": "edit", "arguments": {"quantity": 20}, "reviewer": "anna"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	d := b.last(t, topic.Reviews).Data.(*event.ReviewDecided)
	require.Equal(t, "r-1", d.GetReviewId())
	require.Equal(t, event.Decision_DECISION_EDIT, d.GetDecision())
	require.JSONEq(t, `{"quantity": 20}`, d.GetArguments())
	r = b.do(t, "POST", "/v1/reviews/r-1/decision", `{"thread_id": "t-1", "decision": "edit", "arguments": "{\"quantity\": 20}"}`)
	require.Equal(t, http.StatusAccepted, r.status)
	require.JSONEq(t, `{"quantity": 20}`, b.last(t, topic.Reviews).Data.(*event.ReviewDecided).GetArguments())
}

func TestAnyEventOfAnApplicationIsPublished(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	trace := strings.Repeat("ab", 16)
	r := b.do(t, "POST", "/v1/events/interaction.captured.v1?id=i-1", `{"trace_id": "`+trace+`", "question": "q", "answer": "a", "promptName": "p"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	e := b.last(t, topic.Interactions)
	require.Equal(t, "i-1", e.ID)
	require.Equal(t, "p", e.Data.(*event.InteractionCaptured).GetPromptName())

	require.Equal(t, http.StatusForbidden, b.do(t, "POST", "/v1/events/model.promoted.v1", `{"model": "m", "version": "1"}`).status)
	require.Equal(t, http.StatusForbidden, b.do(t, "POST", "/v1/events/answer.given.v1", `{}`).status)
	require.Equal(t, http.StatusForbidden, b.do(t, "POST", "/v1/events/review.requested.v1", `{}`).status)
	require.Equal(t, http.StatusNotFound, b.do(t, "POST", "/v1/events/nothing.happened.v1", `{}`).status)
}

func TestProblemsNameTheField(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) { cfg.MaxBody = 100 << 10 })
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		field              string
	}{
		"no text":           {"POST", "/v1/queries", `{}`, 400, "text"},
		"misspelt field":    {"POST", "/v1/queries", `{"text": "x", "thread": "t"}`, 400, "thread"},
		"field twice":       {"POST", "/v1/queries", `{"text": "x", "thread_id": "t", "threadId": "t"}`, 400, "thread_id"},
		"wrong type":        {"POST", "/v1/queries", `{"text": 7}`, 400, "text"},
		"unknown mode":      {"POST", "/v1/queries", `{"text": "x", "mode": "fast"}`, 400, "mode"},
		"steps":             {"POST", "/v1/queries", `{"text": "x", "max_steps": 1001}`, 400, "max_steps"},
		"long id":           {"POST", "/v1/queries", `{"text": "x", "thread_id": "` + strings.Repeat("x", 201) + `"}`, 400, "thread_id"},
		"timeout":           {"POST", "/v1/queries?timeout=never", `{"text": "x"}`, 400, "timeout"},
		"long timeout":      {"POST", "/v1/queries?timeout=99h", `{"text": "x"}`, 400, "timeout"},
		"no object":         {"POST", "/v1/queries", `[]`, 400, ""},
		"JSON null":         {"POST", "/v1/queries", `null`, 400, ""},
		"no JSON":           {"POST", "/v1/queries", `{"text": `, 400, ""},
		"long text":         {"POST", "/v1/queries", `{"text": "` + strings.Repeat("x", 65<<10) + `"}`, 413, "text"},
		"large body":        {"POST", "/v1/queries", `{"text": "` + strings.Repeat("x", 101<<10) + `"}`, 413, ""},
		"no value":          {"POST", "/v1/feedback", `{"query_id": "q"}`, 400, "value"},
		"value":             {"POST", "/v1/feedback", `{"query_id": "q", "value": 2}`, 400, "value"},
		"no answer":         {"POST", "/v1/feedback", `{"value": 1}`, 400, "trace_id"},
		"no document":       {"POST", "/v1/documents", `{"text": "x"}`, 400, "document_id"},
		"media type":        {"POST", "/v1/documents", `{"document_id": "d", "text": "x", "media_type": "text/html"}`, 400, "media_type"},
		"decision":          {"POST", "/v1/reviews/r/decision", `{"thread_id": "t", "decision": "maybe"}`, 400, "decision"},
		"no thread":         {"POST", "/v1/reviews/r/decision", `{"decision": "approve"}`, 400, "thread_id"},
		"edit of nothing":   {"POST", "/v1/reviews/r/decision", `{"thread_id": "t", "decision": "edit"}`, 400, "arguments"},
		"event field":       {"POST", "/v1/events/score.given.v1", `{"traceId": "x", "name": "n"}`, 400, "trace_id"},
		"event of no shape": {"POST", "/v1/events/score.given.v1", `{"nome": "n"}`, 400, ""},
		"no route":          {"GET", "/v2", ``, 404, ""},
		"wrong method":      {"PUT", "/v1/queries", `{}`, 405, ""},
	} {
		r := b.do(t, c.method, c.path, c.body)
		require.Equal(t, c.status, r.status, "%s: %s", name, r.raw)
		require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), name)
		matches(t, "Problem", r.raw)
		field, _ := r.fields["field"].(string)
		require.Equal(t, c.field, field, "%s: %s", name, r.raw)
		require.NotEmpty(t, r.fields["detail"], name)
	}
	r := b.do(t, "POST", "/v1/queries", `text=x`, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusUnsupportedMediaType, r.status)
	require.Contains(t, r.fields["detail"], "Content-Type: application/json")
}
