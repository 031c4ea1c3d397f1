package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

// row is one line of training data with its origin.
type row struct {
	// key names the row within a dataset: the trace id, or "seed:" and the seed's id.
	key    string
	thread string
	split  Split
	verdict
	system, user, assistant string
	question                string
	selfTrained             bool
	lineage                 Lineage
}

// Lineage says where a row comes from.
type Lineage struct {
	Key        string  `json:"key"`
	TraceID    string  `json:"trace_id,omitempty"`
	ThreadID   string  `json:"thread_id,omitempty"`
	SeedID     string  `json:"seed_id,omitempty"`
	Tier       Tier    `json:"tier"`
	Split      Split   `json:"split"`
	Reason     string  `json:"reason"`
	Validation float64 `json:"validation"`
	Corrected  bool    `json:"corrected,omitempty"`
	Model      string  `json:"model,omitempty"`
	SelfModel  bool    `json:"self_trained_model,omitempty"`
	Prompt     string  `json:"prompt,omitempty"`
	// Evaluators are the versions that judged, by score.
	Evaluators map[string]string `json:"evaluators,omitempty"`
	Sources    []SourceRef       `json:"sources,omitempty"`
	Events     []EventRef        `json:"events,omitempty"`
	// SHA256 of system, user and assistant text.
	SHA256 string `json:"sha256"`
}

// SourceRef names a passage that stands in the prompt.
type SourceRef struct {
	DocumentID string `json:"document_id"`
	Cited      bool   `json:"cited"`
	SHA256     string `json:"sha256"`
}

// EventRef is the place of an event in the log.
type EventRef struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// newRow renders a trace.
func newRow(t *trace, v verdict, system string) row {
	in := t.interaction
	answer := in.GetAnswer()
	if v.corrected {
		answer = t.correction.Data.(*event.FeedbackGiven).GetCorrectedAnswer()
	}
	r := row{
		key: in.GetTraceId(), thread: threadOf(in), verdict: v,
		system: system, question: strings.TrimSpace(in.GetQuestion()), assistant: strings.TrimSpace(answer),
		selfTrained: in.GetSelfTrainedModel() && v.tier != TierGold,
		lineage: Lineage{
			TraceID: in.GetTraceId(), ThreadID: in.GetThreadId(), Model: in.GetModel(),
			SelfModel: in.GetSelfTrainedModel(), Prompt: promptOf(in), Evaluators: map[string]string{},
		},
	}
	r.user = userText(r.question, in.GetSources())
	r.lineage.Sources = sourceRefs(in.GetSources())
	r.lineage.Events = t.eventRefs(r.lineage.Evaluators)
	return r
}

// threadOf: an interaction outside any conversation is a conversation of its own.
func threadOf(in *event.InteractionCaptured) string {
	if in.GetThreadId() != "" {
		return in.GetThreadId()
	}
	return in.GetTraceId()
}

func promptOf(in *event.InteractionCaptured) string {
	if in.GetPromptVersion() == "" {
		return in.GetPromptName()
	}
	return in.GetPromptName() + "@" + in.GetPromptVersion()
}

func (t *trace) eventRefs(versions map[string]string) []EventRef {
	refs := []EventRef{refTo(t.at)}
	for _, name := range sortedKeys(t.scores) {
		refs = append(refs, refTo(t.scores[name].at))
		versions[name] = t.scores[name].GetEvaluatorVersion()
	}
	listed := map[string]bool{}
	for _, user := range sortedKeys(t.verdicts) {
		refs = append(refs, refTo(t.verdicts[user]))
		listed[t.verdicts[user].ID] = true
	}
	if t.correction != nil && !listed[t.correction.ID] {
		refs = append(refs, refTo(*t.correction))
	}
	return refs
}

func refTo(e event.Event) EventRef {
	return EventRef{e.ID, e.Type, e.Position.Topic, e.Position.Partition, e.Position.Offset}
}

func userText(question string, sources []*event.Source) string {
	var passages []domain.Passage
	for _, s := range sources {
		passages = append(passages, domain.Passage{DocumentID: s.GetDocumentId(), Title: s.GetTitle(), Text: s.GetText()})
	}
	return domain.GroundedPrompt(question, passages)
}

func sourceRefs(sources []*event.Source) []SourceRef {
	var refs []SourceRef
	for _, s := range sources {
		refs = append(refs, SourceRef{s.GetDocumentId(), s.GetCited(), hexSum(s.GetText())})
	}
	return refs
}

func hexSum(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
