package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// ErrArguments means that the caller, which is a model, gave arguments that the tool cannot use. The model is told.
var ErrArguments = errors.New("arguments cannot be used")

// Tool is one thing the agent can do. Any other error than ErrArguments ends the run.
type Tool struct {
	llm.Tool
	// Sensitive tools wait for a person, unless reviews are off.
	Sensitive bool
	// Idempotent tools may run again after a crash. Others wait for a person then.
	Idempotent bool
	// Check says what a call would do, or that its arguments cannot be used. Nil means that Call checks.
	Check func(arguments json.RawMessage) (string, error)
	Call  func(ctx context.Context, in Invocation) (Result, error)
}

// Invocation is one call of a tool.
type Invocation struct {
	// CallID is the same when the call is made again after a crash.
	CallID    string
	ThreadID  string
	QueryID   string
	TraceID   string
	Arguments json.RawMessage
}

// Result is what a call gave.
type Result struct {
	// Text is for the model to read, Data the same for programs.
	Text string          `json:"text"`
	Data json.RawMessage `json:"data,omitempty"`
	// Passages are the sources that the result brings, unless Data has them already.
	Passages []llm.Passage `json:"passages,omitempty"`
	// Effects are events to publish with the receipt of the call.
	Effects []proto.Message `json:"-"`
}

// Sources returns the passages of a result, those in the data of a search or a look-up included.
func (r Result) Sources() []llm.Passage {
	out := r.Passages
	var found llm.Found
	var looked llm.Looked
	if len(r.Data) == 0 || json.Unmarshal(r.Data, &found) != nil || json.Unmarshal(r.Data, &looked) != nil {
		return out
	}
	out = append(out, found.Passages...)
	for _, f := range looked.Facts {
		if f.DocumentID != "" {
			out = append(out, llm.Passage{DocumentID: f.DocumentID, Title: f.Entity, Text: f.Text})
		}
	}
	return out
}

// decode reads arguments strictly: a field that a tool does not know is a misunderstanding to clear up, not to ignore.
func decode(arguments json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(arguments))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrArguments, err)
	}
	return nil
}

func badArgument(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrArguments}, args...)...)
}

func encode(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a tool result: %w", err)
	}
	return raw, nil
}
