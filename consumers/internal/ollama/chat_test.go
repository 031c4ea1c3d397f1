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

func chatWith(t *testing.T, serve http.HandlerFunc) (ollama.Answer, error) {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	c, err := ollama.New(s.URL)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c.Chat(t.Context(), ollama.Request{Model: "m:1"}, nil)
}

func TestChatThatBreaksOffIsNoAnswer(t *testing.T) {
	t.Parallel()
	_, err := chatWith(t, func(http.ResponseWriter, *http.Request) {})
	require.ErrorIs(t, err, ollama.ErrUnfinished)
	_, err = chatWith(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"message":{"role":"assistant","content":"half"},"done":false}`)
		panic(http.ErrAbortHandler) // the connection is cut
	})
	require.Error(t, err)
}

// Ollama ends the stream without a last line when a model repeats a token more than 30 times.
func TestChatOfAModelThatRepeatsItselfIsAnAnswer(t *testing.T) {
	t.Parallel()
	a, err := chatWith(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"message":{"role":"assistant","content":"as as"},"done":false}`)
	})
	require.NoError(t, err)
	require.Equal(t, ollama.Answer{Text: "as as"}, a)
}
