package react

import (
	"errors"
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
	// Prompt names what the model was told, system prompt included.
	Prompt  llm.Prompt
	Spent   Spent
	Started time.Time
	Ended   time.Time
}

// ToolCall is a call of a tool.
type ToolCall struct {
	Call   Call
	Tool   llm.Tool
	Result tool.Result
	// Error is why there is no result, Failure what kind of error that is.
	Error   string
	Failure Failure
	Started time.Time
	Ended   time.Time
}

// Failure says in one word why a tool gave nothing.
type Failure string

// The failures.
const (
	FailureArguments Failure = "arguments"
	FailureTimeout   Failure = "timeout"
	FailurePanic     Failure = "panic"
	FailureTool      Failure = "tool"
)

func failureOf(err error) Failure {
	switch {
	case errors.Is(err, tool.ErrArguments):
		return FailureArguments
	case errors.Is(err, tool.ErrTimeout):
		return FailureTimeout
	case errors.Is(err, tool.ErrPanic):
		return FailurePanic
	default:
		return FailureTool
	}
}

// Effect is an event that a tool call has caused. Ordinal counts them within the call.
type Effect struct {
	// CallID is the key of the call.
	CallID  string
	Ordinal int
	Message proto.Message
}

// Reviewed is the decision on a review, for the trace.
type Reviewed struct {
	Call     Call
	Decision ReviewDecision
}
