package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestQuestionIsAnsweredInOneRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.answerQueries(t, echo)
	r := b.do(t, "POST", "/v1/queries", `{"text": "What leak?", "threadId": "t-1", "user_id": "u", "sessionId": "s", "tags": ["a"], "max_steps": 4, "metadata": {"pageURL": "/x"}}`)
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	require.Equal(t, "You asked: What leak?", r.fields["text"])
	require.Equal(t, "answered", r.fields["state"])
	require.Equal(t, "t-1", r.fields["thread_id"])
	require.InDelta(t, 12, r.fields["total_time_ms"], 0, "a number, not a string")
	matches(t, "Answer", r.raw)

	e := b.last(t, topic.Queries)
	q := e.Data.(*event.QueryAsked)
	require.Equal(t, "ragline/gateway", e.Source)
	require.Equal(t, e.ID, r.fields["query_id"])
	require.Equal(t, "s", q.GetOrigin().GetSessionId(), "camelCase is accepted")
	require.Equal(t, int32(4), q.GetMaxSteps())
	require.Equal(t, map[string]string{"pageURL": "/x"}, q.GetMetadata(), "names within metadata stay as they are")

	again := b.do(t, "GET", "/v1/queries/"+e.ID, "")
	require.Equal(t, http.StatusOK, again.status)
	require.Equal(t, r.fields, again.fields)
}

func TestLateAnswerIsFetchedByItsQueryID(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	release := make(chan struct{})
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message { <-release; return echo(e, q) })
	r := b.do(t, "POST", "/v1/queries?timeout=2s", `{"text": "slow"}`)
	require.Equal(t, http.StatusGatewayTimeout, r.status, string(r.raw))
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	matches(t, "Problem", r.raw)
	id := r.fields["query_id"].(string)

	r = b.do(t, "GET", "/v1/queries/"+id, "")
	require.Equal(t, http.StatusAccepted, r.status)
	matches(t, "Pending", r.raw)

	close(release)
	require.Eventually(t, func() bool { return b.do(t, "GET", "/v1/queries/"+id, "").status == http.StatusOK }, 20*time.Second, 5*time.Millisecond)
}

func TestAsyncQuestionReturnsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	r := b.do(t, "POST", "/v1/queries", `{"text": "later", "mode": "async", "query_id": "order-17"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	require.Equal(t, "order-17", r.fields["query_id"])
	require.Equal(t, "order-17", r.fields["thread_id"])
	require.Equal(t, "/v1/queries/order-17", r.header.Get("Location"))
	matches(t, "Pending", r.raw)
	require.Equal(t, "order-17", b.last(t, topic.Queries).ID)

	r = b.do(t, "GET", "/v1/queries/unheard-of", "")
	require.Equal(t, http.StatusNotFound, r.status)
	matches(t, "Problem", r.raw)
}

// readStream collects events and comments until the stream ends.
func readStream(t *testing.T, body io.Reader) (events [][2]string, comments int) {
	t.Helper()
	name := ""
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, ":"):
			comments++
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			events = append(events, [2]string{name, strings.TrimPrefix(line, "data: ")})
		}
	}
	require.NoError(t, lines.Err())
	return events, comments
}

// stream returns the body of a stream; the test closes it at its end.
func (b *bundle) stream(t *testing.T, path, body string) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	return resp.Body
}

func TestStreamSendsPiecesThenTheAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) { cfg.Heartbeat = 10 * time.Millisecond })
	release := make(chan struct{})
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message { <-release; return echo(e, q) })
	body := b.stream(t, "/v1/queries", `{"text": "What leak?", "mode": "stream"}`)
	first := make([]byte, len("event: asked"))
	_, err := body.Read(first)
	require.NoError(t, err)
	require.Equal(t, "event: asked", string(first), "the id is out before the answer is there")
	beat := bufio.NewReader(body)
	for line := ""; line != ": heartbeat\n"; {
		line, err = beat.ReadString('\n')
		require.NoError(t, err)
	}
	close(release)

	var text strings.Builder
	events, _ := readStream(t, beat)
	for _, e := range events[:len(events)-1] {
		require.Equal(t, "chunk", e[0])
		text.WriteString(field(t, e[1], "text"))
	}
	end := events[len(events)-1]
	require.Equal(t, "answer", end[0])
	matches(t, "Answer", []byte(end[1]))
	require.Equal(t, "You asked: What leak?", field(t, end[1], "text"))
	require.Equal(t, "You asked: What leak?", text.String())
}

func TestStreamThatIsLateEndsWithAProblem(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.answerQueries(t, silent)
	events, _ := readStream(t, b.stream(t, "/v1/queries?timeout=1.5", `{"text": "anyone?", "mode": "stream"}`))
	require.Len(t, events, 2)
	require.Equal(t, "error", events[1][0])
	matches(t, "Problem", []byte(events[1][1]))
	require.Equal(t, field(t, events[0][1], "query_id"), field(t, events[1][1], "query_id"))
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	asked := make(chan struct{})
	b.answerQueries(t, func(event.Event, *event.QueryAsked) []proto.Message { close(asked); return nil })
	body := b.stream(t, "/v1/queries", `{"text": "anyone?", "mode": "stream"}`)
	<-asked
	require.NoError(t, b.stop())
	events, _ := readStream(t, body)
	require.Equal(t, "error", events[len(events)-1][0])
}

func TestStreamSaysThatAPersonIsAskedAndHasDecided(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message {
		return []proto.Message{&event.ReviewRequested{
			ReviewId: "r-1", ThreadId: q.GetThreadId(), QueryId: e.ID, Tool: "submit_enquiry", Arguments: `{"quantity": 2}`,
			Description: "An enquiry is sent.", AllowedDecisions: []string{"approve", "edit"}, ExpiresAt: timestamppb.New(e.Time),
		}}
	})
	lines := bufio.NewScanner(b.stream(t, "/v1/queries", `{"text": "Send an enquiry.", "mode": "stream", "thread_id": "t-1", "query_id": "q-1"}`))
	next := func(name string) []byte {
		for lines.Scan() {
			if lines.Text() == "event: "+name {
				require.True(t, lines.Scan())
				return []byte(strings.TrimPrefix(lines.Text(), "data: "))
			}
		}
		require.Fail(t, "no event "+name)
		return nil
	}
	asked := next("review")
	matches(t, "Review", asked)
	require.Contains(t, string(asked), `"state":"requested"`)
	require.Contains(t, string(asked), `"arguments":{"quantity":2}`)

	r := b.do(t, "POST", "/v1/reviews/r-1/decision", `{"thread_id": "t-1", "decision": "edit", "arguments": {"quantity": 20}, "reviewer": "anna"}`)
	require.Equal(t, http.StatusAccepted, r.status, string(r.raw))
	decided := next("review")
	matches(t, "Review", decided)
	require.Contains(t, string(decided), `"state":"decided"`)
	require.Contains(t, string(decided), `"decision":"edit"`)
	require.Contains(t, string(decided), `"arguments":{"quantity":20}`)
	require.NotContains(t, string(decided), "anna", "who decided is not for the one who asked")
}
