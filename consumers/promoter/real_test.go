package promoter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// TestPromotionThroughARealOllama has a random model judged: it talks nonsense, and without a floor nonsense is promoted.
func TestPromotionThroughARealOllama(t *testing.T) {
	t.Parallel()
	url := ollamatest.Start(t)
	client, err := ollama.New(url)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	r := setup(t)
	require.NoError(t, client.Create(t.Context(), ollama.CreateRequest{
		Model: "ragline-default:tiny", GGUF: ollamatest.TinyGGUF(t, 1),
		Template:   "{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>\n\n",
		Parameters: map[string]any{"stop": []string{"<|eot_id|>"}, "num_ctx": 1024},
	}, nil))
	cfg := r.config()
	cfg.Ollama, cfg.Floor, cfg.MaxTokens = url, 0, 4
	r.judge()
	streamtest.Start(t, r.open(cfg).Run)
	r.packaged("tiny")
	r.promoted("tiny")
	spans := streamtest.ReadAll(t, r.Broker, topic.Spans)
	require.Len(t, spans, len(r.gold))
	require.Positive(t, spans[0].Data.(*event.SpanEnded).GetUsage().GetInputTokens())
	require.Eventually(t, func() bool {
		_, err := client.Show(t.Context(), "ragline-default:latest")
		return err == nil
	}, waitLong, tick, "the tag follows")
}
