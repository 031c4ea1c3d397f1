package react

import (
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/agent/graph/message"
)

// Step is one line of the trace.
type Step struct {
	Node        string
	Thought     string
	Tool        string
	Input       string
	Observation string
	Started     time.Time
	Duration    time.Duration
}

// stepRecord is what the state keeps of a step. The rest is found in the messages.
type stepRecord struct {
	Node    string   `json:"n"`
	Started int64    `json:"s"` // microseconds since 1970
	Micros  int64    `json:"d"`
	Calls   []string `json:"c,omitempty"`
	Text    string   `json:"t,omitempty"`
}

// steps fills in the trace. A thought's calls are those of the steps that follow it.
func (c conversation) steps(records []stepRecord, thoughts []Thought, answer string) []Step {
	var out []Step
	var now []Call
	for _, rec := range records {
		s := Step{Node: rec.Node, Started: time.UnixMicro(rec.Started).UTC(), Duration: time.Duration(rec.Micros) * time.Microsecond}
		switch rec.Node {
		case NodeThought:
			now = nil
			if len(thoughts) > 0 {
				s.Thought, now = thoughts[0].Text, c.callsOf(thoughts[0].Message)
				thoughts = thoughts[1:]
			}
		case NodeSelector:
			s.Tool, s.Input = names(now), inputs(now)
		case NodeTool, NodeReview:
			these := slices.DeleteFunc(slices.Clone(now), func(call Call) bool { return !slices.Contains(rec.Calls, call.ID) })
			s.Tool, s.Input, s.Observation = names(these), inputs(these), rec.Text
		case NodeObserve:
			s.Tool, s.Observation = names(now), c.texts(now)
		case NodeFinal:
			s.Observation = answer
		}
		out = append(out, s)
	}
	return out
}

func (c conversation) callsOf(id string) []Call {
	for _, m := range c.messages {
		if m.Type == message.AI && m.ID == id {
			return calls("", m)
		}
	}
	return nil
}

func names(list []Call) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Tool)
	}
	return strings.Join(out, ", ")
}

// inputs are the arguments of one call, or those of several as a list.
func inputs(list []Call) string {
	var out []string
	for _, c := range list {
		out = append(out, string(c.Arguments))
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return "[" + strings.Join(out, ",") + "]"
}

func (c conversation) texts(list []Call) string {
	var out []string
	for _, call := range list {
		if i, ok := c.answered[call.ID]; ok {
			out = append(out, c.messages[i].Content.String())
		}
	}
	return strings.Join(out, "\n\n")
}
