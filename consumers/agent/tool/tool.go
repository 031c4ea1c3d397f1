package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/llm"
)

var (
	// ErrArguments means that the caller, which is a model, gave arguments that the tool cannot use. The model is told.
	ErrArguments = errors.New("arguments cannot be used")
	// ErrFailed means that the tool could not do it, for reasons of its own. The model is told, and the run goes on.
	ErrFailed = errors.New("tool failed")
	// ErrTimeout is an ErrFailed: the tool took too long.
	ErrTimeout = fmt.Errorf("%w: it took too long", ErrFailed)
	// ErrPanic is an ErrFailed: the tool panicked.
	ErrPanic = fmt.Errorf("%w: it panicked", ErrFailed)
	// ErrLost is an ErrFailed: the way to the tool broke after the call was sent.
	ErrLost = fmt.Errorf("%w: the connection was lost", ErrFailed)
)

// Uncertain says whether a call that ended with the error may have been done. One of a tool that is not idempotent must
// not be made again then, unless a person says so.
func Uncertain(err error) bool {
	return errors.Is(err, ErrTimeout) || errors.Is(err, ErrPanic) || errors.Is(err, ErrLost)
}

// Tool is one thing the agent can do. Any other error than the package's own ends the run.
type Tool struct {
	llm.Tool
	// Sensitive tools wait for a person, unless reviews are off.
	Sensitive bool
	// Idempotent tools may run again after a crash or an Uncertain error.
	Idempotent bool
	// Timeout bounds a call. Zero is the caller's default.
	Timeout time.Duration
	// Check says what a call would do, or that its arguments cannot be used. Nil means that Call checks.
	Check func(arguments json.RawMessage) (string, error)
	Call  func(ctx context.Context, in Invocation) (Result, error)
	// Reconcile is asked after a crash about a call that may have been made: true means that it was, and what it gave;
	// false that it was not, and may be made now. Its error means that it cannot tell. Nil: nobody can tell, so the call
	// is made again if the tool is idempotent, and otherwise a person is asked.
	Reconcile func(ctx context.Context, in Invocation) (Result, bool, error)
}

// Invocation is one call of a tool.
type Invocation struct {
	// CallID is the same when the call is made again after a crash, and no other call's.
	CallID    string
	ThreadID  string
	QueryID   string
	TraceID   string
	Arguments json.RawMessage
	// Progress shows the user what the tool is doing. It may be nil, and nothing of it is stored.
	Progress func(Progress)
}

// Progress of a call. Total is 0 when it is not known.
type Progress struct {
	Done    float64 `json:"done"`
	Total   float64 `json:"total,omitempty"`
	Message string  `json:"message,omitempty"`
}

// Result is what a call gave.
type Result struct {
	// Text is for the model to read, Data the same for programs.
	Text string          `json:"text"`
	Data json.RawMessage `json:"data,omitempty"`
	// Effects are events to publish with the receipt of the call.
	Effects []proto.Message `json:"-"`
}

// Sources returns the passages in the data of a search or a look-up.
func (r Result) Sources() []llm.Passage {
	known, err := llm.ReadKnowledge(r.Text, r.Data)
	if err != nil {
		return nil // another tool's data
	}
	out := known.Passages
	for _, f := range known.Facts {
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
