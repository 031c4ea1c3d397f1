package mcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/tool/mcp"
)

func TestWithoutAFileThereIsNothing(t *testing.T) {
	t.Parallel()
	set, err := mcp.Open(mcp.Config{}, nil)
	require.NoError(t, err)
	tried := false
	set.Run(t.Context(), func() { tried = true })
	require.True(t, tried)
	require.Empty(t, set.Tools())
}

func TestFileThatCannotWorkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for servers, want := range map[string]string{
		`null`:                                  "there is no mcpServers object",
		`7`:                                     "cannot unmarshal",
		`{"s":{}}`:                              `give it a "command" to start or a "url"`,
		`{"s":{"command":"a","url":"b"}}`:       "remove one",
		`{"s":{"url":"ftp://x"}}`:               "allowed are http and https",
		`{"s":{"command":"a","timeout":"1ms"}}`: `allowed are "1s" to "1h"`,
		`{"a__b":{"command":"a"}}`:              "no __",
		`{"a b":{"command":"a"}}`:               "letters, digits",
		`{"s":{"command":"a","args":["${RAGLINE_TEST_MISSING}"]}}`: "set the environment variable RAGLINE_TEST_MISSING",
	} {
		_, err := mcp.Open(write(t, servers), nil)
		require.ErrorContains(t, err, want, servers)
	}
	_, err := mcp.Open(mcp.Config{File: "/nonexistent/mcp.json"}, nil)
	require.ErrorContains(t, err, "RAGLINE_MCP_CONFIG")
	_, err = mcp.Open(write(t, `{"s":{"command":"a","args":["$1 $HOME"],"type":"stdio","alwaysAllow":[]}}`), nil)
	require.NoError(t, err, "what other clients write is left alone")
}
