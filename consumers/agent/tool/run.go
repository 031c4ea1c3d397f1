package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// grace is how long a call that was told to stop is waited for. Then it is left behind: nothing can end a goroutine from outside.
const grace = time.Second

// Limits bound what a tool may take and give.
type Limits struct {
	// Timeout of a call, unless the tool has one of its own.
	Timeout time.Duration `env:"RAGLINE_AGENT_TOOL_TIMEOUT" envDefault:"60s" doc:"Longest duration of one tool call; the model is told when it ends. Allowed: 1s to 1h."`
	// ResultBytes bounds the text of a result, and its data.
	ResultBytes int `env:"RAGLINE_AGENT_TOOL_RESULT_BYTES" envDefault:"262144" doc:"Most bytes of a tool's result that are kept and shown to the model; the rest is cut off with a notice. Allowed: 1024 to 16777216."`
}

// Validate reports the first setting that cannot work.
func (l Limits) Validate() error {
	if l.Timeout < time.Second || l.Timeout > time.Hour {
		return fmt.Errorf("RAGLINE_AGENT_TOOL_TIMEOUT=%s: allowed are 1s to 1h", l.Timeout)
	}
	if l.ResultBytes < 1<<10 || l.ResultBytes > 16<<20 {
		return fmt.Errorf("RAGLINE_AGENT_TOOL_RESULT_BYTES=%d: allowed are 1024 to 16777216", l.ResultBytes)
	}
	return nil
}

// Run calls a tool within the limits. A panic and a timeout are errors like any other; the result is cut to size.
func (l Limits) Run(ctx context.Context, t Tool, in Invocation) (Result, error) {
	r, _, err := l.guard(ctx, t, func(ctx context.Context) (Result, bool, error) {
		r, err := t.Call(ctx, in)
		return r, true, err
	})
	return r, err
}

// Reconcile asks a tool about a call that may have been made. Its error means that the tool cannot tell, or ctx has ended.
func (l Limits) Reconcile(ctx context.Context, t Tool, in Invocation) (Result, bool, error) {
	return l.guard(ctx, t, func(ctx context.Context) (Result, bool, error) { return t.Reconcile(ctx, in) })
}

type outcome struct {
	result Result
	done   bool
	err    error
}

func (l Limits) guard(ctx context.Context, t Tool, fn func(context.Context) (Result, bool, error)) (Result, bool, error) {
	timeout := t.Timeout
	if timeout == 0 {
		timeout = l.Timeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	back := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o = outcome{err: fmt.Errorf("%w: %v\n%s", ErrPanic, p, debug.Stack())}
			}
			back <- o
		}()
		o.result, o.done, o.err = fn(limited)
	}()
	o := wait(limited, back)
	if ctx.Err() != nil {
		return Result{}, false, ctx.Err()
	}
	if o.err != nil && limited.Err() != nil {
		return Result{}, false, fmt.Errorf("%w: no result within %s", ErrTimeout, timeout)
	}
	if o.err != nil {
		return Result{}, false, o.err
	}
	o.result.limit(l.ResultBytes)
	return o.result, o.done, nil
}

func wait(ctx context.Context, back <-chan outcome) outcome {
	select {
	case o := <-back:
		return o
	case <-ctx.Done():
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case o := <-back:
		return o
	case <-patience.C:
		return outcome{err: ctx.Err()}
	}
}

// limit makes a result fit for the state: text of bounded size in UTF-8, data of bounded size in JSON, or none.
func (r *Result) limit(most int) {
	if n := len(r.Text); n > most {
		kept := llm.Clip(r.Text, most)
		r.Text = fmt.Sprintf("%s\n[cut: the result has %d bytes, these are the first %d]", kept, n, len(kept))
	}
	r.Text = strings.ToValidUTF8(r.Text, "\uFFFD")
	if len(r.Data) > most || !json.Valid(r.Data) {
		r.Data = nil
	}
}

// maxSaid bounds what a model is told about a failure.
const maxSaid = 8 << 10

// Said is what a model is told about a call that failed, without the stack of a panic. Ok is false for an error that is not
// for the model, but ends the run.
func Said(name string, err error) (text string, ok bool) {
	text = llm.Clip(strings.ToValidUTF8(err.Error(), "\uFFFD"), maxSaid)
	if errors.Is(err, ErrPanic) {
		text, _, _ = strings.Cut(text, "\n")
	}
	switch {
	case errors.Is(err, ErrArguments):
		return name + " was not run: " + text, true
	case Uncertain(err):
		return name + " gave no result, and it is not known how far it came: " + text, true
	case errors.Is(err, ErrFailed):
		return name + " failed: " + text, true
	}
	return "", false
}
