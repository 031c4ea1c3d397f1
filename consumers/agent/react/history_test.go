package react_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

func TestThreadThatGrowsLargeDropsWhatNoModelIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.tools(launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		return tool.Result{Text: strings.Repeat("r", 200<<10)}, nil
	}))
	for i := range 20 { // 4 MB of results
		m := &script{responses: []llm.Response{wants("a"), {Text: fmt.Sprint("answer ", i)}}}
		b.deps.Model = m
		e := b.engine(t)
		out, err := e.Run(t.Context(), b.requestOn(t, "thread", strconv.Itoa(i), fmt.Sprint("question ", i), 10))
		require.NoError(t, err)
		require.Less(t, size(out.State), 5<<19)
		list := messages(t, out.State)
		require.Equal(t, fmt.Sprint("answer ", i), list[len(list)-1].Content.String())
		require.Equal(t, message.Tool, list[len(list)-2].Type, "the run's own messages stay")
		require.Len(t, m.requests[0].Messages, 2+min(2*i, 10))
	}
}
