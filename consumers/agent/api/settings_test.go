package api_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
)

func noFile(string) ([]byte, error) { return nil, os.ErrNotExist }

// TestTheProjectsOwnSettings reads the langgraph.json at the top.
func TestTheProjectsOwnSettings(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../langgraph.json")
	require.NoError(t, err)
	s, err := api.ReadSettings(data, noFile)
	require.NoError(t, err)
	require.Equal(t, "agent", s.Graphs["agent"].Name())
	require.NotEmpty(t, s.Graphs["agent"].Description)
	require.NotEmpty(t, s.Origins)
	require.NotContains(t, s.Origins, "*")
	require.Empty(t, s.Env)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := api.ReadSettings([]byte(`{"graphs":{"a":"./x:one","b":{"path":"./y:two"}},"env":{"K":"v"},"python_version":"3.11"}`), noFile)
	require.NoError(t, err)
	require.Equal(t, "one", s.Graphs["a"].Name())
	require.Equal(t, "two", s.Graphs["b"].Name())
	require.Equal(t, map[string]string{"K": "v"}, s.Env)

	s, err = api.ReadSettings([]byte(`{"graphs":{"a":"x:y"},"env":".env"}`), func(name string) ([]byte, error) {
		require.Equal(t, ".env", name)
		return []byte("# a comment\nA=1\nB = \"two words\"\n\nno pair\n"), nil
	})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "1", "B": "two words"}, s.Env)

	for text, says := range map[string]string{
		`{`: "langgraph.json", `{}`: "graphs", `{"graphs":{"a":"nothing"}}`: "path:name", `{"graphs":{"a":"x:y"},"env":7}`: "env",
		`{"graphs":{"a":"x:y"},"http":{"cors":{"allow_origin_regex":".*"}}}`: "allow_origins",
	} {
		_, err := api.ReadSettings([]byte(text), noFile)
		require.ErrorContains(t, err, says, text)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	require.NoError(t, config().Validate())
	for name, edit := range map[string]func(*api.Config){
		"RAGLINE_AGENT_API_ADDR":         func(c *api.Config) { c.Addr = "8124" },
		"RAGLINE_AGENT_API_KEYS":         func(c *api.Config) { c.APIKeys = []string{"short"} },
		"RAGLINE_AGENT_API_CORS_ORIGINS": func(c *api.Config) { c.Origins = []string{"*"} },
		"RAGLINE_AGENT_API_MAX_BODY":     func(c *api.Config) { c.MaxBody = 1 },
		"RAGLINE_AGENT_API_HEARTBEAT":    func(c *api.Config) { c.Heartbeat = time.Hour },
	} {
		c := config()
		edit(&c)
		require.ErrorContains(t, c.Validate(), name)
	}
	c := config()
	require.False(t, c.Exposed())
	c.Addr = ":8124"
	require.True(t, c.Exposed())
	c.APIKeys = []string{strings.Repeat("k", 16)}
	require.False(t, c.Exposed())
}
