package llm

import (
	"context"
	"encoding/json"
	"time"
)

// Model answers requests. Generate is called from many goroutines.
// onToken may be nil; it is given the pieces of Response.Text as they arrive, from the calling goroutine.
// An error that a server gave is an *Error. An answer that makes no sense is no error: it is a call that says what is wrong with it.
type Model interface {
	Name() string
	Generate(ctx context.Context, r Request, onToken func(string)) (Response, error)
}

// Role of a message.
type Role string

// The roles.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one message of a conversation.
type Message struct {
	Role Role `json:"role"`
	// Text is what was said. Of a tool: its result as the model should read it. Of an assistant that wants tools: its thought.
	Text string `json:"text,omitempty"`
	// Calls are the tools that an assistant wants. Each is answered by a message of RoleTool.
	Calls []Call `json:"calls,omitempty"`
	// CallID, Tool and Data belong to a tool: the call that it answers, its name, and its result as JSON.
	CallID string          `json:"call_id,omitempty"`
	Tool   string          `json:"tool,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// Call is a tool that a model wants to be run.
type Call struct {
	// ID is the provider's. Empty: it gives none.
	ID        string          `json:"id,omitempty"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	// Invalid says why the call cannot be run, for the model to read: its text was no call and no answer, or its arguments
	// are no JSON. Arguments then hold what it wrote, as a JSON string.
	Invalid string `json:"invalid,omitempty"`
}

// Tool is what a model is told about a tool.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
}

// Request is a conversation to continue.
type Request struct {
	Messages []Message
	Tools    []Tool
}

// Response is either calls or a final text.
type Response struct {
	// Thought is the model's reasoning, if it says it.
	Thought string
	Calls   []Call
	Text    string
	Usage   Usage
	// Prompt is the versioned text that explained tools to the model. Zero when none was needed.
	Prompt Prompt
	// Provider and Model are as in OTel's gen_ai.provider.name and gen_ai.response.model.
	Provider     string
	Model        string
	FinishReason string
	// FirstToken is when the first piece arrived. Zero when nothing was streamed.
	FirstToken time.Time
}

// Prompt names a versioned prompt.
type Prompt struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Usage counts tokens. Totals are inclusive.
type Usage struct {
	InputTokens       int64 `json:"input_tokens"`
	OutputTokens      int64 `json:"output_tokens"`
	CachedInputTokens int64 `json:"cached_input_tokens,omitempty"`
	ReasoningTokens   int64 `json:"reasoning_tokens,omitempty"`
}

// Add returns the sum.
func (u Usage) Add(o Usage) Usage {
	return Usage{
		InputTokens: u.InputTokens + o.InputTokens, OutputTokens: u.OutputTokens + o.OutputTokens,
		CachedInputTokens: u.CachedInputTokens + o.CachedInputTokens, ReasoningTokens: u.ReasoningTokens + o.ReasoningTokens,
	}
}

// Chooser is a model that is one of several. A run asks once which one it is to be, and keeps it by its name: a model that
// changes in the middle of a run would go on with what another has begun.
type Chooser interface {
	Model
	// Choose returns the model of the moment.
	Choose() Model
	// Named returns a model that Choose has returned, perhaps in another process.
	Named(name string) Model
}

// SelfTrained says whether a model was trained by this system.
func SelfTrained(m Model) bool {
	own, ok := m.(interface{ SelfTrained() bool })
	return ok && own.SelfTrained()
}
