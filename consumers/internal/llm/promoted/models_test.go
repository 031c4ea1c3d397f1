package promoted_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/extractive"
	"github.com/ragline/ragline/consumers/internal/llm/promoted"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

func open(t *testing.T, s *ollamatest.Server) *promoted.Models {
	t.Helper()
	m, err := promoted.New(promoted.Config{Series: "default", Ollama: s.URL, MaxTokens: 100, Timeout: time.Minute, Attempts: 3, Backoff: time.Millisecond},
		extractive.New(extractive.Config{}), nil)
	require.NoError(t, err)
	return m
}

// request is a conversation whose question has been searched for, or not yet.
func request(t *testing.T, passages ...llm.Passage) llm.Request {
	t.Helper()
	r := llm.Request{
		Messages: []llm.Message{
			{Role: llm.RoleSystem, Text: "Answer from the context.\n"},
			{Role: llm.RoleUser, Text: "Earlier?"},
			{Role: llm.RoleAssistant, Text: "Yes."},
			{Role: llm.RoleUser, Text: "How far?"},
		},
		Tools: []llm.Tool{{Name: llm.SearchTool}, {Name: llm.LookupTool}},
	}
	if passages != nil {
		data, err := json.Marshal(llm.Knowledge{Passages: passages})
		require.NoError(t, err)
		r.Messages = append(r.Messages, llm.Message{Role: llm.RoleAssistant, Calls: []llm.Call{{ID: "1", Tool: llm.SearchTool}}},
			llm.Message{Role: llm.RoleTool, CallID: "1", Tool: llm.SearchTool, Text: "found", Data: data})
	}
	return r
}

func TestModelSearchesAndThenMeetsThePromptOfItsTraining(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	s.Register("ragline-default:v1")
	var asked []api.Message
	s.Reply = func(_ string, messages []api.Message) string {
		asked = messages
		return "At least 90 degrees [packing]."
	}
	m := open(t, s).Named("ragline-default:v1")
	require.True(t, llm.SelfTrained(m))

	first, err := m.Generate(t.Context(), request(t), nil)
	require.NoError(t, err)
	require.Len(t, first.Calls, 1)
	require.Equal(t, llm.SearchTool, first.Calls[0].Tool)
	require.JSONEq(t, `{"query":"How far?"}`, string(first.Calls[0].Arguments))
	require.Zero(t, s.Calls("POST /api/chat"))

	found := llm.Passage{DocumentID: "packing", Title: "Packing", Heading: "Rings", Text: "Joints are staggered."}
	var streamed strings.Builder
	second, err := m.Generate(t.Context(), request(t, found, found), func(piece string) { streamed.WriteString(piece) })
	require.NoError(t, err)
	require.Equal(t, "At least 90 degrees [packing].", second.Text)
	require.Equal(t, second.Text, streamed.String())
	require.Equal(t, "ragline-default:v1", second.Model)
	require.Equal(t, llm.Prompt{Name: "grounded", Version: "1"}, second.Prompt)
	require.Positive(t, second.Usage.OutputTokens)
	require.Len(t, asked, 2, "no earlier question")
	require.Equal(t, "Answer from the context.", asked[0].Content)
	require.Equal(t, domain.GroundedPrompt("How far?", []domain.Passage{{DocumentID: "packing", Title: "Packing", Text: "Joints are staggered."}}), asked[1].Content)
}

func TestErrorsOfOllamaAreTriedAgainAndExplained(t *testing.T) {
	t.Parallel()
	s := ollamatest.New(t)
	s.Register("ragline-default:v1")
	var tries atomic.Int64
	s.Fail = func(*http.Request) (int, string) {
		if tries.Add(1) < 3 {
			return http.StatusInternalServerError, "out of slots"
		}
		return 0, ""
	}
	models := open(t, s)
	out, err := models.Named("ragline-default:v1").Generate(t.Context(), request(t, llm.Passage{}), nil)
	require.NoError(t, err)
	require.Equal(t, s.Answer, out.Text)

	_, err = models.Named("ragline-default:gone").Generate(t.Context(), request(t, llm.Passage{}), nil)
	require.ErrorContains(t, err, "ragline model rollback")
	require.EqualValues(t, 4, tries.Load(), "what is not there is not there the second time")
}

func TestPromotionsAndRollbacksAreFollowed(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	m := open(t, ollamatest.New(t))
	require.Equal(t, "extractive", m.Name())
	require.False(t, llm.SelfTrained(m.Choose()))
	ready := make(chan struct{})
	streamtest.Start(t, func(ctx context.Context) error { return m.Run(ctx, c.Broker, func() { close(ready) }) })
	<-ready
	for _, v := range []string{"1", "2"} {
		served := "ragline-default:" + v
		streamtest.Publish(t, c.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: v, ServedName: served}),
			event.New("test", &event.ModelPromoted{Model: "default", Version: v, ServedName: served}))
		require.Eventually(t, func() bool { return m.Name() == served }, 2*time.Minute, 5*time.Millisecond)
	}
	streamtest.Publish(t, c.Broker, event.New("test", &event.ModelPromoted{Model: "other", Version: "9", ServedName: "ragline-other:9"}),
		event.New("test", &event.ModelRolledBack{Model: "default", Version: "1", FromVersion: "2"}))
	require.Eventually(t, func() bool { return m.Name() == "ragline-default:1" }, 2*time.Minute, 5*time.Millisecond)
	require.Equal(t, "ragline-default:2", m.Named("ragline-default:2").Name(), "a run keeps its model")
	require.Equal(t, "extractive", m.Named("extractive").Name())
}
