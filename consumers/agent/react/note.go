package react

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// The notes of the nodes, for the owner's hook: what became spans and events.

// ModelCall is a call of the model.
type ModelCall struct {
	Model    string
	Request  llm.Request
	Response llm.Response
	Spent    Spent
	Started  time.Time
	Ended    time.Time
}

// ToolCall is a call of a tool.
type ToolCall struct {
	Call    Call
	Tool    llm.Tool
	Result  tool.Result
	Error   string
	Started time.Time
	Ended   time.Time
}

// Effect is an event that a tool call has caused. Ordinal counts them within the call.
type Effect struct {
	CallID  string
	Ordinal int
	Message proto.Message
}

// Reviewed is the decision on a review, for the trace.
type Reviewed struct {
	Call     Call
	Decision ReviewDecision
}
