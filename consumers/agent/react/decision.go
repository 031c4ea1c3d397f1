package react

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
)

// ErrDecision means that an answer to a review is no decision.
var ErrDecision = errors.New("no decision")

// ReviewQuestion is the value of the interrupt that waits for a person: one action in the schema of LangGraph's clients,
// and beside it what else we know of it.
type ReviewQuestion struct {
	ActionRequests []ActionRequest `json:"action_requests"`
	ReviewConfigs  []ReviewConfig  `json:"review_configs"`
	CallID         string          `json:"call_id"`
	Question       string          `json:"question"`
	// Recovery means that the tool may have run already: the process ended between the call and its receipt, or the call was
	// cut off on its way.
	Recovery bool `json:"recovery,omitempty"`
	// Problem says what was wrong with the answer before, if this is asked again.
	Problem string `json:"problem,omitempty"`
}

// ActionRequest is an action to decide on.
type ActionRequest struct {
	Name        string          `json:"name"`
	Args        json.RawMessage `json:"args"`
	Description string          `json:"description,omitempty"`
}

// ReviewConfig says what may be decided.
type ReviewConfig struct {
	ActionName       string `json:"action_name"`
	AllowedDecisions []Kind `json:"allowed_decisions"`
}

func question(c Call, description string, allowed ...Kind) ReviewQuestion {
	return ReviewQuestion{
		ActionRequests: []ActionRequest{{Name: c.Tool, Args: c.Arguments, Description: description}},
		ReviewConfigs:  []ReviewConfig{{ActionName: c.Tool, AllowedDecisions: allowed}}, CallID: c.ID,
	}
}

// Action is what is to be decided on.
func (q ReviewQuestion) Action() ActionRequest {
	if len(q.ActionRequests) == 0 {
		return ActionRequest{}
	}
	return q.ActionRequests[0]
}

// Allowed is what may be decided.
func (q ReviewQuestion) Allowed() []Kind {
	if len(q.ReviewConfigs) == 0 {
		return nil
	}
	return q.ReviewConfigs[0].AllowedDecisions
}

// Kind of a review decision.
type Kind string

// The kinds, as in the review event.
const (
	Approve Kind = "approve"
	Reject  Kind = "reject"
	Edit    Kind = "edit"
	Respond Kind = "respond"
)

// ReviewDecision is the answer to the interrupt.
type ReviewDecision struct {
	Kind Kind `json:"kind"`
	// Arguments replace those of the call, for Edit.
	Arguments json.RawMessage `json:"arguments,omitempty"`
	// Action is the tool that an edit names, if it does. It cannot be another one.
	Action   string `json:"action,omitempty"`
	Comment  string `json:"comment,omitempty"`
	Reviewer string `json:"reviewer,omitempty"`
}

// decide asks until the answer is a decision that is allowed. Whoever stores answers should have asked ParseDecision
// first; if not, the question comes again with what was wrong, and the run is none the worse.
func decide(t *graph.Task, q ReviewQuestion) (ReviewDecision, error) {
	for {
		raw, err := t.Interrupt(q)
		if err != nil {
			return ReviewDecision{}, err
		}
		d, err := ParseDecision(raw)
		if err == nil && slices.Contains(q.Allowed(), d.Kind) {
			return d, nil
		}
		if err == nil {
			err = fmt.Errorf("%w: %s is not allowed here", ErrDecision, d.Kind)
		}
		q.Problem = err.Error()
	}
}

// ParseDecision reads an answer to a ReviewQuestion: our own form, the decisions of LangGraph's human-in-the-loop
// middleware, the list of agent-inbox, or plain true, false, "approve" and "reject". Its error is an ErrDecision.
func ParseDecision(raw json.RawMessage) (ReviewDecision, error) {
	raw = bytes.TrimSpace(raw)
	var in answer
	var list []answer
	var yes bool
	var word string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ReviewDecision{}, fmt.Errorf("%w: it is empty", ErrDecision)
	case json.Unmarshal(raw, &yes) == nil:
		in.Type = map[bool]string{true: "approve", false: "reject"}[yes]
	case json.Unmarshal(raw, &word) == nil:
		in.Type = word
	case raw[0] == '[':
		if err := json.Unmarshal(raw, &list); err != nil {
			return ReviewDecision{}, fmt.Errorf("%w: %w", ErrDecision, err)
		}
	default:
		if err := json.Unmarshal(raw, &in); err != nil {
			return ReviewDecision{}, fmt.Errorf("%w: %w", ErrDecision, err)
		}
		list = in.Decisions
	}
	if list != nil {
		if len(list) != 1 {
			return ReviewDecision{}, fmt.Errorf("%w: there are %d for one action", ErrDecision, len(list))
		}
		in = list[0]
	}
	return in.decision()
}

// answer is any of the forms.
type answer struct {
	ReviewDecision
	Type      string   `json:"type"`
	Decisions []answer `json:"decisions"`
	// Message and Edited are the middleware's, Args agent-inbox's: an action with its args, or the text of a response.
	Message string          `json:"message"`
	Edited  *edited         `json:"edited_action"`
	Args    json.RawMessage `json:"args"`
}

type edited struct {
	Name   string          `json:"name"`
	Action string          `json:"action"`
	Args   json.RawMessage `json:"args"`
}

func (a answer) decision() (ReviewDecision, error) {
	d := a.ReviewDecision
	if d.Kind == "" {
		d.Kind = kinds()[strings.ToLower(a.Type)]
	}
	if d.Comment == "" {
		d.Comment = a.Message
	}
	_ = json.Unmarshal(a.Args, &d.Comment) // agent-inbox answers in args
	if a.Edited == nil && d.Kind == Edit && len(d.Arguments) == 0 {
		a.Edited = &edited{}
		_ = json.Unmarshal(a.Args, a.Edited) // what is missing is found below
	}
	if a.Edited != nil {
		d.Action, d.Arguments = a.Edited.Name+a.Edited.Action, a.Edited.Args
	}
	var object map[string]json.RawMessage
	switch d.Kind {
	case Approve, Reject:
	case Respond:
		if d.Comment == "" {
			return d, fmt.Errorf("%w: respond needs a message", ErrDecision)
		}
	case Edit:
		if json.Unmarshal(d.Arguments, &object) != nil || object == nil {
			return d, fmt.Errorf("%w: edit needs the new arguments as an object", ErrDecision)
		}
	default:
		return d, fmt.Errorf("%w: it must be approve, reject, edit or respond", ErrDecision)
	}
	if d.Kind != Edit {
		d.Action, d.Arguments = "", nil
	}
	return d, nil
}

// kinds are the words for them: ours, agent-inbox's and those that people type.
func kinds() map[string]Kind {
	return map[string]Kind{
		"approve": Approve, "approved": Approve, "accept": Approve, "accepted": Approve, "yes": Approve,
		"reject": Reject, "rejected": Reject, "ignore": Reject, "no": Reject,
		"edit": Edit, "respond": Respond, "response": Respond,
	}
}
