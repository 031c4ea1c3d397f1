package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// publishedView says that an event is on the log.
type publishedView struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// statusView says how the gateway is.
type statusView struct {
	Status string `json:"status"`
}

// published answers a request whose event is acknowledged, or says why it is not.
func published(w http.ResponseWriter, typ, id string, err error) {
	if err != nil {
		problemOf(err).write(w)
		return
	}
	writeJSON(w, http.StatusAccepted, publishedView{id, typ})
}

// feedbackRequest is the body of POST /v1/feedback.
type feedbackRequest struct {
	TraceID         string   `json:"trace_id"`
	QueryID         string   `json:"query_id"`
	ThreadID        string   `json:"thread_id"`
	Value           *float64 `json:"value"`
	Comment         string   `json:"comment"`
	CorrectedAnswer string   `json:"corrected_answer"`
	UserID          string   `json:"user_id"`
	SessionID       string   `json:"session_id"`
	Tags            []string `json:"tags"`
}

func (g *Gateway) feedback(w http.ResponseWriter, r *http.Request) {
	var req feedbackRequest
	err := g.decode(w, r, &req)
	if err == nil && req.Value == nil {
		err = invalid("value", "is required, from 0 (bad) to 1 (good)")
	}
	if err != nil {
		problemOf(err).write(w)
		return
	}
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	id, err := g.client.Feedback(ctx, sdk.Feedback{
		TraceID: req.TraceID, QueryID: req.QueryID, ThreadID: req.ThreadID, Value: *req.Value, Comment: req.Comment,
		CorrectedAnswer: req.CorrectedAnswer, UserID: req.UserID, SessionID: req.SessionID, Tags: req.Tags, Channel: "gateway",
	})
	published(w, "feedback.given.v1", id, err)
}

// documentRequest is the body of POST /v1/documents.
type documentRequest struct {
	DocumentID string            `json:"document_id"`
	Title      string            `json:"title"`
	Text       string            `json:"text"`
	MediaType  string            `json:"media_type"`
	URI        string            `json:"uri"`
	Metadata   map[string]string `json:"metadata"`
	ModifiedAt *time.Time        `json:"modified_at"`
}

func (g *Gateway) document(w http.ResponseWriter, r *http.Request) {
	req := documentRequest{MediaType: "text/markdown"}
	err := g.decode(w, r, &req)
	if err == nil && req.MediaType != "text/markdown" && req.MediaType != "text/plain" {
		err = invalid("media_type", "allowed are text/markdown and text/plain")
	}
	if err != nil {
		problemOf(err).write(w)
		return
	}
	sum := sha256.Sum256([]byte(req.Text))
	m := &event.DocumentChanged{
		DocumentId: req.DocumentID, Title: req.Title, Text: req.Text, MediaType: req.MediaType, Uri: req.URI,
		ContentSha256: hex.EncodeToString(sum[:]), Metadata: req.Metadata,
	}
	if req.ModifiedAt != nil {
		m.ModifiedAt = timestamppb.New(*req.ModifiedAt)
	}
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	id, err := g.client.Publish(ctx, m)
	published(w, "document.changed.v1", id, err)
}

func (g *Gateway) removeDocument(w http.ResponseWriter, r *http.Request) {
	documentID, err := pathID(r)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	id, err := g.client.RemoveDocument(ctx, documentID)
	published(w, "document.changed.v1", id, err)
}

// decisionRequest is the body of POST /v1/reviews/{id}/decision.
type decisionRequest struct {
	ThreadID  string          `json:"thread_id"`
	Decision  string          `json:"decision"`
	Arguments json.RawMessage `json:"arguments"`
	Comment   string          `json:"comment"`
	Reviewer  string          `json:"reviewer"`
}

func (g *Gateway) decide(w http.ResponseWriter, r *http.Request) {
	var req decisionRequest
	reviewID, err := pathID(r)
	if err == nil {
		err = g.decode(w, r, &req)
	}
	decision := event.Decision(event.Decision_value["DECISION_"+strings.ToUpper(strings.TrimPrefix(req.Decision, "DECISION_"))])
	switch {
	case err != nil:
	case decision == event.Decision_DECISION_UNSPECIFIED:
		err = invalid("decision", "allowed are approve, reject, edit and respond")
	case decision == event.Decision_DECISION_EDIT && len(req.Arguments) == 0:
		err = invalid("arguments", "are required for edit, as a JSON object")
	}
	if err != nil {
		problemOf(err).write(w)
		return
	}
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	id, err := g.client.Decide(ctx, sdk.Review{
		ReviewID: reviewID, ThreadID: req.ThreadID, Decision: decision,
		Arguments: argumentsText(req.Arguments), Comment: req.Comment, Reviewer: req.Reviewer,
	})
	published(w, "review.decided.v1", id, err)
}

// argumentsText accepts the arguments as a JSON object, or as a string that holds one.
func argumentsText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// event answers POST /v1/events/{type}: the JSON value of any event that applications may write.
func (g *Gateway) event(w http.ResponseWriter, r *http.Request) {
	typ := chi.URLParam(r, "type")
	d, err := writable(typ)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	raw, err := g.body(w, r)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	m := d.Prototype.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal(raw, m); err != nil {
		problem{Status: http.StatusBadRequest, Detail: "the body is not a " + typ + ": " + strings.ReplaceAll(err.Error(), "\u00a0", " ")}.write(w)
		return
	}
	var opts []sdk.PublishOption
	if id := r.URL.Query().Get("id"); id != "" {
		if len(id) > maxIDBytes {
			invalid("id", "is longer than 200 bytes").write(w)
			return
		}
		opts = append(opts, sdk.WithID(id))
	}
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	id, err := g.client.Publish(ctx, m, opts...)
	published(w, typ, id, err)
}

// outside are the writers of the catalogue that stand for applications.
var outside = []string{"apps", "gateway", "sdk"}

// writable returns the definition of a type that applications may write. The rest belongs to one consumer each: an
// application must not promote a model.
func writable(typ string) (event.Definition, error) {
	d, ok := event.Lookup(typ)
	if !ok {
		return d, problem{Status: http.StatusNotFound, Field: "type", Detail: fmt.Sprintf("%.80q is not a type of event", typ)}
	}
	entry, _ := topic.Get(topic.For(typ))
	mayWrite := slices.ContainsFunc(entry.Writers, func(w string) bool { return slices.Contains(outside, w) })
	if !mayWrite || typ == "review.requested.v1" { // the agent alone asks for reviews
		return d, problem{Status: http.StatusForbidden, Field: "type", Detail: typ + " is written by ragline only"}
	}
	return d, nil
}
