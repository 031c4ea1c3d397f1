package ollama_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
)

func TestChatHandsOverAnAnswerAsItIsWritten(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	s.Register("m:1")
	s.Answer = "Valves are closed twice."
	c, err := ollama.New(s.URL)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	var pieces []string
	a, err := c.Chat(t.Context(), ollama.Request{Model: "m:1", Messages: []ollama.Message{{Role: "user", Content: "q"}}},
		func(p ollama.Piece) { pieces = append(pieces, p.Text) })
	require.NoError(t, err)
	require.Equal(t, []string{"Valves ", "are ", "closed ", "twice."}, pieces)
	require.Equal(t, "Valves are closed twice.", a.Text)
	require.Equal(t, "stop", a.Done)
	require.Positive(t, a.Tokens)
}

func TestChatThatBreaksOffIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"message":{"role":"assistant","content":"half"},"done":false}`)
	}))
	t.Cleanup(s.Close)
	c, err := ollama.New(s.URL)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.Chat(t.Context(), ollama.Request{Model: "m:1"}, nil)
	require.ErrorIs(t, err, ollama.ErrUnfinished)
}
