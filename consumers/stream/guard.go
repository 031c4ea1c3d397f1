package stream

import (
	"fmt"
	"runtime/debug"
)

type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guard calls a handler and turns its panic into an error. It is the only place that recovers.
func (m *member) guard(handle func() error, where ...any) (err error) {
	defer func() {
		if v := recover(); v != nil {
			m.deps.Logger.With(where...).Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
			err = &panicError{v}
		}
	}()
	return handle()
}
