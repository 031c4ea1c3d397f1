package agent_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func promotedConfig(t *testing.T, url string) agent.Config {
	t.Helper()
	cfg := config(t)
	cfg.LLM.Provider, cfg.LLM.Series, cfg.LLM.Ollama, cfg.LLM.Timeout = "promoted", "default", url, 5*time.Minute
	return cfg
}

// promote publishes what packager and promoter would.
func (r *rig) promote(t *testing.T, version string) {
	t.Helper()
	served := "ragline-default:" + version
	streamtest.Publish(t, r.Broker,
		event.New("test", &event.ModelPackaged{Model: "default", Version: version, ServedName: served, ParityPrompts: 1}),
		event.New("test", &event.ModelPromoted{Model: "default", Version: version, ServedName: served}))
}

// askUntil asks anew until a model answers that is to follow without a restart, and returns its first answer.
func (r *rig) askUntil(t *testing.T, model string) (event.Event, *event.AnswerGiven) {
	t.Helper()
	for limit := time.Now().Add(3 * time.Minute); time.Now().Before(limit); {
		q := query("", "How far are the joints of packing rings staggered?")
		if a := r.ask(t, q)[0]; a.GetModel() == model {
			return q, a
		}
	}
	t.Fatalf("%s never answers", model)
	return event.Event{}, nil
}

func TestPromotedModelAnswersWithoutARestart(t *testing.T) {
	t.Parallel()
	r := setup(t)
	s := ollamatest.New(t)
	s.Register("ragline-default:v1")
	var mu sync.Mutex
	var asked []api.Message
	s.Reply = func(_ string, messages []api.Message) string {
		mu.Lock()
		defer mu.Unlock()
		asked = messages
		return "They are staggered by 90 degrees."
	}
	r.start(t, promotedConfig(t, s.URL))
	before := query("", "How far are the joints of packing rings staggered?")
	require.Equal(t, "extractive", r.ask(t, before)[0].GetModel())
	require.False(t, of[*event.InteractionCaptured](t, r, topic.Interactions, before.ID)[0].GetSelfTrainedModel())

	r.promote(t, "v1")
	q, a := r.askUntil(t, "ragline-default:v1")
	require.Equal(t, "They are staggered by 90 degrees.", a.GetText())
	require.Equal(t, []string{"search_knowledge"}, a.GetToolsUsed())
	mu.Lock()
	require.Equal(t, strings.TrimSpace(r.pack.Prompts["system"].Text), asked[0].Content)
	require.True(t, strings.HasPrefix(asked[1].Content, "Context:\n["), asked[1].Content)
	require.True(t, strings.HasSuffix(asked[1].Content, "\n\nQuestion: How far are the joints of packing rings staggered?"), asked[1].Content)
	mu.Unlock()

	in := of[*event.InteractionCaptured](t, r, topic.Interactions, q.ID)[0]
	require.True(t, in.GetSelfTrainedModel())
	require.Equal(t, "ragline-default:v1", in.GetModel())
	require.Equal(t, "grounded", in.GetPromptName())
	require.True(t, strings.HasPrefix(in.GetPromptVersion(), "grounded-1."), in.GetPromptVersion())
	spans := of[*event.SpanEnded](t, r, topic.Spans, q.ID)
	require.NotEmpty(t, spans)
	for _, span := range spans {
		require.Equal(t, "ragline-default:v1", span.GetAttributes()["ragline.model"].GetStringValue(), span.GetName())
		require.True(t, span.GetAttributes()["ragline.model.self_trained"].GetBoolValue())
	}
	chunks := of[*event.AnswerChunk](t, r, topic.AnswerChunks, q.ID)
	require.Greater(t, len(chunks), 2, "the answer is streamed")

	streamtest.Publish(t, r.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: "v0", ServedName: "ragline-default:v0"}),
		event.New("test", &event.ModelRolledBack{Model: "default", Version: "v0", FromVersion: "v1"}))
	s.Register("ragline-default:v0")
	r.askUntil(t, "ragline-default:v0")
}

// TestRunKeepsTheModelThatItBeganWith stops the agent while a model writes, promotes another, and starts the agent again.
func TestRunKeepsTheModelThatItBeganWith(t *testing.T) {
	t.Parallel()
	r := setup(t)
	s := ollamatest.New(t)
	s.Register("ragline-default:v1", "ragline-default:v2")
	writing, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.Fail = func(req *http.Request) (int, string) {
		once.Do(func() { close(writing) })
		select {
		case <-gate:
		case <-req.Context().Done():
		}
		return 0, ""
	}
	r.promote(t, "v1")
	cfg := promotedConfig(t, s.URL)
	cfg.Drain = 0
	first, err := agent.New(cfg, agent.Deps{Broker: r.Broker, Pack: r.pack})
	require.NoError(t, err)
	stopRun := streamtest.Start(t, first.Run)
	c, err := stream.NewConsumer(streamtest.Config(t), streamtest.Deps(r.Broker), agent.Topics(), first.Handler())
	require.NoError(t, err)
	stopHandler := streamtest.Start(t, c.Run)
	q := query("", "How far are the joints of packing rings staggered?")
	streamtest.Publish(t, r.Broker, q)
	<-writing
	require.NoError(t, stopHandler())
	require.NoError(t, stopRun())
	require.NoError(t, first.Close())

	r.promote(t, "v2")
	close(gate)
	r.start(t, cfg)
	require.Equal(t, "ragline-default:v1", r.answers(t, q)[0].GetModel())
	next := query("", "How far are the joints of packing rings staggered?")
	require.Equal(t, "ragline-default:v2", r.ask(t, next)[0].GetModel())
}

func TestPromotedModelAnswersThroughARealOllama(t *testing.T) {
	t.Parallel()
	url := ollamatest.Start(t)
	client, err := ollama.New(url)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	require.NoError(t, client.Create(t.Context(), ollama.CreateRequest{
		Model: "ragline-default:v1", GGUF: ollamatest.TinyGGUF(t, 1),
		Template:   "{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>\n\n",
		Parameters: map[string]any{"stop": []string{"<|eot_id|>"}, "num_ctx": 4096},
	}, nil))
	r := setup(t)
	r.promote(t, "v1")
	cfg := promotedConfig(t, url)
	cfg.LLM.MaxTokens = 8
	r.start(t, cfg)
	q := query("", "How far are the joints of packing rings staggered?")
	a := r.ask(t, q)[0]
	require.Equal(t, "ragline-default:v1", a.GetModel())
	require.Positive(t, a.GetUsage().GetInputTokens())
}
