package tool_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

var limits = tool.Limits{Timeout: time.Minute, ResultBytes: 1 << 10}

func named(fn func(context.Context, tool.Invocation) (tool.Result, error)) tool.Tool {
	return tool.Tool{Tool: llm.Tool{Name: "x"}, Call: fn}
}

func TestToolThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	x := named(func(ctx context.Context, _ tool.Invocation) (tool.Result, error) {
		<-ctx.Done()
		return tool.Result{}, ctx.Err()
	})
	x.Timeout = time.Millisecond
	_, err := limits.Run(t.Context(), x, tool.Invocation{})
	require.ErrorIs(t, err, tool.ErrTimeout)
	require.ErrorIs(t, err, tool.ErrFailed)
	text, ok := tool.Said("x", err)
	require.True(t, ok)
	require.Contains(t, text, "no result within 1ms")
}

func TestToolThatHeedsNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	gone := make(chan struct{})
	x := named(func(context.Context, tool.Invocation) (tool.Result, error) {
		defer close(gone)
		<-release
		return tool.Result{}, nil
	})
	x.Timeout = time.Millisecond
	_, err := limits.Run(t.Context(), x, tool.Invocation{})
	require.ErrorIs(t, err, tool.ErrTimeout)
	close(release)
	<-gone
}

func TestToolThatPanicsFails(t *testing.T) {
	t.Parallel()
	_, err := limits.Run(t.Context(), named(func(context.Context, tool.Invocation) (tool.Result, error) { panic("oh") }), tool.Invocation{})
	require.ErrorIs(t, err, tool.ErrPanic)
	require.ErrorContains(t, err, "run_test.go")
	text, ok := tool.Said("x", err)
	require.True(t, ok)
	require.Contains(t, text, "oh")
	require.NotContains(t, text, "run_test.go")
}

func TestCanceledCallIsNoFailureOfTheTool(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := limits.Run(ctx, named(func(ctx context.Context, _ tool.Invocation) (tool.Result, error) {
		cancel()
		<-ctx.Done()
		return tool.Result{}, tool.ErrFailed
	}), tool.Invocation{})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, tool.ErrFailed)
}

func TestErrorThatIsNotForTheModelIsKept(t *testing.T) {
	t.Parallel()
	own := errors.New("disk is gone")
	_, err := limits.Run(t.Context(), named(func(context.Context, tool.Invocation) (tool.Result, error) { return tool.Result{}, own }), tool.Invocation{})
	require.ErrorIs(t, err, own)
	_, ok := tool.Said("x", err)
	require.False(t, ok)
}

func TestLargeResultIsCutWithANotice(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]tool.Result{
		"50 MB":       {Text: strings.Repeat("word ", 10<<20), Data: json.RawMessage(`"` + strings.Repeat("x", 50<<20) + `"`)},
		"runes":       {Text: strings.Repeat("ü", 1<<10)},
		"no UTF-8":    {Text: strings.Repeat("\xff", 1<<11), Data: json.RawMessage(`{oops`)},
		"just enough": {Text: strings.Repeat("a", 1<<10), Data: json.RawMessage(`{"a":1}`)},
	} {
		got, err := limits.Run(t.Context(), named(func(context.Context, tool.Invocation) (tool.Result, error) { return r, nil }), tool.Invocation{})
		require.NoError(t, err)
		require.Less(t, len(got.Text), 4<<10, name)
		require.Equal(t, len(r.Text) > 1<<10, strings.Contains(got.Text, "[cut: "), name)
		require.Equal(t, name == "just enough", got.Data != nil, name)
		require.True(t, json.Valid(append(append([]byte(`"`), strings.ReplaceAll(got.Text, "\n", " ")...), '"')), name)
	}
}

func TestReconcileIsBoundedLikeACall(t *testing.T) {
	t.Parallel()
	x := tool.Tool{Reconcile: func(context.Context, tool.Invocation) (tool.Result, bool, error) {
		return tool.Result{Text: strings.Repeat("a", 2<<10)}, true, nil
	}}
	r, done, err := limits.Reconcile(t.Context(), x, tool.Invocation{})
	require.NoError(t, err)
	require.True(t, done)
	require.Contains(t, r.Text, "[cut: ")
	x.Reconcile = func(context.Context, tool.Invocation) (tool.Result, bool, error) { panic("oh") }
	_, _, err = limits.Reconcile(t.Context(), x, tool.Invocation{})
	require.ErrorIs(t, err, tool.ErrPanic)
}

func TestLimitsAreChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, limits.Validate())
	require.ErrorContains(t, tool.Limits{Timeout: time.Millisecond, ResultBytes: 1 << 10}.Validate(), "RAGLINE_AGENT_TOOL_TIMEOUT=1ms")
	require.ErrorContains(t, tool.Limits{Timeout: time.Minute}.Validate(), "RAGLINE_AGENT_TOOL_RESULT_BYTES=0")
}
