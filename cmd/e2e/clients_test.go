package e2e

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// TestEveryClientAsksAndReadsTheAnswer takes three clients that know nothing of ragline's own code.
func TestEveryClientAsksAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.start()
	p.ready(t)
	s.ingestPack()

	t.Run("kcat", func(t *testing.T) {
		path, err := exec.LookPath("kcat")
		if err != nil {
			t.Skip("no kcat on the PATH: install it (apt-get install kcat)")
		}
		kcat(t, path, `{"text": "How many mechanical cycles does API 622 run?"}`, "-P", "-b", s.kafka, "-t", topic.Queries)
		require.Eventually(t, func() bool {
			out := kcat(t, path, "", "-C", "-b", s.kafka, "-t", topic.Answers, "-o", "beginning", "-e", "-q")
			return strings.Contains(out, "1,510 mechanical cycles [api-622-emission-test]")
		}, time.Minute, 200*time.Millisecond)
	})
	t.Run("kafka-go", func(t *testing.T) {
		produce(t, s.kafka, kafka.Message{Topic: topic.Queries, Value: []byte(`{"text": "What leak does API 624 accept?"}`)})
		a := consumeAnswer(t, s.kafka, "100 ppmv")
		require.True(t, a.GetSuccess())
		require.Equal(t, []string{"api-624"}, cited(a))
		require.Contains(t, a.GetText(), "[api-624]")
	})
	t.Run("HTTP", func(t *testing.T) { gatewayAnswers(t, "http://"+s.gateway) })
	p.stop(t)
}

func gatewayAnswers(t *testing.T, base string) {
	t.Run("waits for the answer", func(t *testing.T) {
		r := post(t, base+"/v1/queries", `{"text": "Is API 624 for ball valves?"}`)
		require.Equal(t, http.StatusOK, r.status, r.body)
		requireCited(t, r.fields(t), "api-622-624-641-compared")
	})
	t.Run("hands out an id and has the answer later", func(t *testing.T) {
		r := post(t, base+"/v1/queries", `{"text": "May graphite be used in air at 500 C?", "mode": "async"}`)
		require.Equal(t, http.StatusAccepted, r.status, r.body)
		var later reply
		require.Eventually(t, func() bool {
			later = fetch(t, http.MethodGet, base+r.header.Get("Location"), "")
			return later.status == http.StatusOK
		}, time.Minute, 50*time.Millisecond)
		requireCited(t, later.fields(t), "graphite-limits")
	})
	t.Run("streams the answer", func(t *testing.T) {
		events := stream(t, base+"/v1/queries", `{"text": "What is the limit of tightness class AH in ISO 15848-1?", "mode": "stream"}`)
		require.Equal(t, "asked", events[0].name)
		var written strings.Builder
		for _, e := range events[1 : len(events)-1] {
			require.Equal(t, "chunk", e.name)
			written.WriteString(e.data["text"].(string))
		}
		last := events[len(events)-1]
		require.Equal(t, "answer", last.name)
		requireCited(t, last.data, "iso-15848-1-tightness")
		require.Equal(t, last.data["text"], written.String(), "the pieces are the answer")
	})
}

func requireCited(t *testing.T, answer map[string]any, document string) {
	t.Helper()
	require.Equal(t, "answered", answer["state"])
	require.Contains(t, answer["text"], "["+document+"]")
	for _, source := range answer["sources"].([]any) {
		s := source.(map[string]any)
		if s["document_id"] == document && s["cited"] == true {
			return
		}
	}
	require.Fail(t, "no cited source "+document, "%v", answer["sources"])
}

func kcat(t *testing.T, path, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// produce writes records with kafka-go, in their order, each acknowledged by all replicas before the next.
func produce(t *testing.T, addr string, records ...kafka.Message) {
	t.Helper()
	w := writer(addr)
	defer w.Close()
	for _, r := range records {
		require.NoError(t, w.WriteMessages(t.Context(), r))
	}
}

// writer takes large records, so that the broker decides, and puts all of them on partition 0.
func writer(addr string) *kafka.Writer {
	return &kafka.Writer{
		Addr: kafka.TCP(addr), RequiredAcks: kafka.RequireAll, BatchSize: 1, BatchBytes: 16 << 20,
		Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return 0 }),
	}
}

// consumeAnswer joins a consumer group with kafka-go and reads answers until one holds the words.
func consumeAnswer(t *testing.T, addr, words string) *event.AnswerGiven {
	t.Helper()
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{addr}, GroupID: "an-application", Topic: topic.Answers, StartOffset: kafka.FirstOffset,
		MaxWait: 100 * time.Millisecond,
	})
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		record, err := r.ReadMessage(ctx)
		require.NoError(t, err, "no answer with %q", words)
		var a event.AnswerGiven
		require.NoError(t, proto.Unmarshal(record.Value, &a))
		if strings.Contains(a.GetText(), words) {
			return &a
		}
	}
}

// cited lists the documents that an answer cites, each once.
func cited(a *event.AnswerGiven) []string {
	var ids []string
	seen := map[string]bool{}
	for _, s := range a.GetSources() {
		if id := s.GetDocumentId(); s.GetCited() && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}
