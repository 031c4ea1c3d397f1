package gateway

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/ragline/ragline/producers/sdk"
)

// reviewView is the data of a review event: a person is asked, or has decided.
type reviewView struct {
	ReviewID         string     `json:"review_id"`
	State            string     `json:"state"` // requested or decided
	Tool             string     `json:"tool"`
	Arguments        any        `json:"arguments,omitempty"`
	Description      string     `json:"description,omitempty"`
	AllowedDecisions []string   `json:"allowed_decisions,omitempty"`
	ExpiresAt        *time.Time `json:"expires_at,omitempty"`
	Decision         string     `json:"decision,omitempty"`
	Comment          string     `json:"comment,omitempty"`
}

// viewReview leaves out who decided: the one who asked need not know.
func viewReview(r sdk.ReviewState) reviewView {
	v := reviewView{
		ReviewID: r.Requested.GetReviewId(), State: "requested", Tool: r.Requested.GetTool(),
		Arguments: arguments(r.Requested.GetArguments()), Description: r.Requested.GetDescription(),
		AllowedDecisions: r.Requested.GetAllowedDecisions(),
	}
	if t := r.Requested.GetExpiresAt(); t.IsValid() {
		at := t.AsTime()
		v.ExpiresAt = &at
	}
	if d := r.Decided; d != nil {
		v.State, v.Comment = "decided", d.GetComment()
		v.Decision = strings.ToLower(strings.TrimPrefix(d.GetDecision().String(), "DECISION_"))
		if d.GetArguments() != "" {
			v.Arguments = arguments(d.GetArguments()) // those that the tool runs with
		}
	}
	return v
}

// arguments are JSON on the event, and so they are here. Anything else is shown as a text.
func arguments(text string) any {
	if text == "" {
		return nil
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}
