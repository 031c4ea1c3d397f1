package gateway

import (
	"net/http"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

// queryRequest is the body of POST /v1/queries.
type queryRequest struct {
	Text      string            `json:"text"`
	ThreadID  string            `json:"thread_id"`
	QueryID   string            `json:"query_id"`
	UserID    string            `json:"user_id"`
	SessionID string            `json:"session_id"`
	Tags      []string          `json:"tags"`
	MaxSteps  int               `json:"max_steps"`
	Metadata  map[string]string `json:"metadata"`
	Mode      string            `json:"mode"`
}

// maxIDBytes bounds the ids that callers choose.
const maxIDBytes = 200

func (q queryRequest) question() (sdk.Question, error) {
	for name, id := range map[string]string{"query_id": q.QueryID, "thread_id": q.ThreadID} {
		if len(id) > maxIDBytes {
			return sdk.Question{}, invalid(name, "is longer than 200 bytes")
		}
	}
	if q.MaxSteps < 0 || q.MaxSteps > 1000 {
		return sdk.Question{}, invalid("max_steps", "is not within 0 to 1000")
	}
	return sdk.Question{
		Text: q.Text, ThreadID: q.ThreadID, UserID: q.UserID, SessionID: q.SessionID, Tags: q.Tags,
		MaxSteps: q.MaxSteps, Metadata: q.Metadata, ID: q.QueryID,
	}, event.Validate(&event.QueryAsked{Text: q.Text})
}

// ask answers POST /v1/queries in the mode that the caller wants.
func (g *Gateway) ask(w http.ResponseWriter, r *http.Request) {
	var req queryRequest
	err := g.decode(w, r, &req)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	q, err := req.question()
	if err != nil {
		problemOf(err).write(w)
		return
	}
	switch req.Mode {
	case "", "sync":
		err = g.askSync(w, r, q)
	case "async":
		err = g.askAsync(w, r, q)
	case "stream":
		err = g.askStream(w, r, q)
	default:
		err = invalid("mode", "allowed are sync, async and stream")
	}
	if err != nil {
		problemOf(err).write(w)
	}
}

func (g *Gateway) askSync(w http.ResponseWriter, r *http.Request, q sdk.Question) error {
	wait, err := g.waitTime(r)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(r, wait)
	defer cancel()
	answer, err := g.client.Ask(ctx, q)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, viewAnswer(answer))
	return nil
}

// pendingView is what is known about a question that is not answered yet.
type pendingView struct {
	QueryID  string `json:"query_id"`
	ThreadID string `json:"thread_id,omitempty"`
	State    string `json:"state"`
}

func (g *Gateway) askAsync(w http.ResponseWriter, r *http.Request, q sdk.Question) error {
	ctx, cancel := withTimeout(r, g.cfg.Timeout)
	defer cancel()
	if err := g.client.Listen(ctx); err != nil {
		return err
	}
	queryID, err := g.client.AskAsync(ctx, q)
	if err != nil {
		return err
	}
	view := pendingView{QueryID: queryID, ThreadID: q.ThreadID, State: "pending"}
	if view.ThreadID == "" {
		view.ThreadID = queryID
	}
	w.Header().Set("Location", "/v1/queries/"+queryID)
	writeJSON(w, http.StatusAccepted, view)
	return nil
}

// query answers GET /v1/queries/{id} from what the client remembers.
func (g *Gateway) query(w http.ResponseWriter, r *http.Request) {
	id, err := pathID(r)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	answer, known := g.client.Recent(id)
	switch {
	case answer != nil:
		writeJSON(w, http.StatusOK, viewAnswer(answer))
	case known:
		writeJSON(w, http.StatusAccepted, pendingView{QueryID: id, State: "pending"})
	default:
		problem{
			Status: http.StatusNotFound, QueryID: id,
			Detail: "this gateway does not remember the query; the answers topic and ClickHouse have all of them",
		}.write(w)
	}
}
