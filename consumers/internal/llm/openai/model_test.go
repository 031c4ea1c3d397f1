package openai_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/openai"
)

func TestOnlyTheFinalAnswerIsStreamed(t *testing.T) {
	t.Parallel()
	s := serve(t, stream("Thought: I", " know\nFinal", " Answer", ":", " Seven", " [doc]", ".\n", "\nObserv", "ation: no"))
	var pieces []string
	out, err := model(t, s).Generate(t.Context(), request(), func(p string) { pieces = append(pieces, p) })
	require.NoError(t, err)
	require.Equal(t, []string{"Seven", " [doc]", "."}, pieces)
	require.Equal(t, "Seven [doc].", out.Text)
	require.Equal(t, "I know", out.Thought)
	require.Empty(t, out.Calls)
	require.Equal(t, llm.Prompt{Name: "react", Version: "7"}, out.Prompt)
	require.Equal(t, llm.Usage{InputTokens: 120, OutputTokens: 30, CachedInputTokens: 100}, out.Usage)
	require.Equal(t, "openai", out.Provider)
	require.Equal(t, "stop", out.FinishReason)
	require.False(t, out.FirstToken.IsZero())
}

func TestConversationIsSentInTheTextProtocol(t *testing.T) {
	t.Parallel()
	s := serve(t, stream("Final Answer: x"))
	_, err := model(t, s).Generate(t.Context(), request(), nil)
	require.NoError(t, err)
	got := s.seen()[0]
	require.Equal(t, "test-model", got.Model)
	require.InDelta(t, 0.5, got.Temperature, 0)
	require.True(t, got.Stream)
	require.Equal(t, []string{"\nObservation:"}, got.Stop)
	require.Equal(t, "Bearer key", got.header.Get("Authorization"))
	var roles, texts []string
	for _, m := range got.Messages {
		roles = append(roles, m.Role)
		texts = append(texts, m.Content.(string))
	}
	require.Equal(t, []string{"system", "user", "assistant", "user", "assistant", "user"}, roles)
	require.Equal(t, []string{
		"be brief", "earlier", "reply",
		"Tools:\n- search: Searches. Input: {\"type\":\"object\"}\nQuestion: how many?",
		"Thought: look\nAction: search\nAction Input: {\"q\":\"x\"}", "Observation: [doc] 7",
	}, texts)
}

func TestAnswerIsStreamedWholeHoweverItIsCut(t *testing.T) {
	t.Parallel()
	text := "Thought: so\nFinal Answer: An Observatory is no Obs\n\nit is."
	for size := 1; size < len(text); size++ {
		var pieces []string
		for at := 0; at < len(text); at += size {
			pieces = append(pieces, text[at:min(at+size, len(text))])
		}
		streamed := ""
		_, err := model(t, serve(t, stream(pieces...))).Generate(t.Context(), request(), func(p string) { streamed += p })
		require.NoError(t, err)
		require.Equal(t, "An Observatory is no Obs\n\nit is.", streamed, "pieces of %d", size)
	}
}

func TestServerThatIsBusyIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, status(http.StatusTooManyRequests, "Retry-After-Ms", "5"), status(http.StatusInternalServerError), stream("Final Answer: x"))
	out, err := model(t, s).Generate(t.Context(), request(), nil)
	require.NoError(t, err)
	require.Equal(t, "x", out.Text)
	require.Len(t, s.seen(), 3)
}

func TestAttemptsAreLimitedAndTheErrorSaysWhat(t *testing.T) {
	t.Parallel()
	s := serve(t, status(http.StatusServiceUnavailable, "Retry-After", "0.001"))
	_, err := model(t, s).Generate(t.Context(), request(), nil)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusServiceUnavailable, e.Status)
	require.Equal(t, time.Millisecond, e.RetryAfter)
	require.Equal(t, "status 503 it is", e.Message)
	require.Len(t, s.seen(), 3)
}

func TestErrorOfTheCallerIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, status(http.StatusUnauthorized))
	_, err := model(t, s).Generate(t.Context(), request(), nil)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.False(t, e.Temporary())
	require.Len(t, s.seen(), 1)
}

func TestServerThatAsksForAnHourIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := serve(t, status(http.StatusTooManyRequests, "Retry-After", "3600"))
	_, err := model(t, s).Generate(t.Context(), request(), nil)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, time.Hour, e.RetryAfter)
	require.Len(t, s.seen(), 1)
}

func TestServerThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	s := serve(t, hang)
	tries := 0
	_, err := model(t, s, func(c *openai.Config) {
		next := c.Transport
		c.Timeout, c.Attempts, c.Transport = 20*time.Millisecond, 2, counting(func(r *http.Request) (*http.Response, error) {
			tries++
			return next.RoundTrip(r)
		})
	}).Generate(t.Context(), request(), nil)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.Zero(t, e.Status)
	require.Contains(t, e.Message, "within 20ms")
	require.Equal(t, 2, tries)
}

// counting is a transport that is a function.
type counting func(*http.Request) (*http.Response, error)

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func TestCanceledCallEndsWithTheContextsError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})
	_, err := model(t, s).Generate(ctx, request(), nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestStreamThatBreaksBeforeTheAnswerIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, cut("Thought: hm"), stream("Final Answer: x"))
	out, err := model(t, s).Generate(t.Context(), request(), func(string) {})
	require.NoError(t, err)
	require.Equal(t, "x", out.Text)
}

func TestStreamThatBreaksWithinTheAnswerIsAnError(t *testing.T) {
	t.Parallel()
	s := serve(t, cut("Final Answer: the first half"), stream("Final Answer: x"))
	streamed := ""
	_, err := model(t, s).Generate(t.Context(), request(), func(p string) { streamed += p })
	require.ErrorContains(t, err, "ended early")
	require.Equal(t, "the first half", streamed)
	require.Len(t, s.seen(), 1)
}

func TestServerThatIsAwayIsATemporaryError(t *testing.T) {
	t.Parallel()
	s := serve(t, hang)
	s.Close()
	_, err := model(t, s).Generate(t.Context(), request(), nil)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Temporary())
}
