package otlp_test

import (
	"encoding/binary"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/schemas/event"
)

func interactions(batch otlp.Batch) []*event.InteractionCaptured {
	var all []*event.InteractionCaptured
	for _, e := range batch.Interactions {
		all = append(all, e.Message.(*event.InteractionCaptured))
	}
	return all
}

func agent(n, parent byte, question, answer string) *tracepb.Span {
	return span(n, parent, "openinference.span.kind", "AGENT", "input.value", question, "output.value", answer)
}

func search(n, parent byte) *tracepb.Span {
	return span(n, parent, "openinference.span.kind", "RETRIEVER", "retrieval.documents.0.document.id", "api-624", "retrieval.documents.0.document.content", "100 ppmv")
}

func TestRootWithQuestionAndAnswerIsAnInteraction(t *testing.T) {
	t.Parallel()
	all := interactions(reader().Traces(request(search(2, 1), agent(1, 0, "What leak?", "100 ppmv"))))
	require.Len(t, all, 1)
	require.Equal(t, "What leak?", all[0].GetQuestion())
	require.Equal(t, "100 ppmv", all[0].GetAnswer())
	require.Len(t, all[0].GetSources(), 1)
	require.Equal(t, all[0].GetTraceId(), all[0].GetThreadId(), "no conversation is known: it stands alone")
}

func TestInteractionIsBelowTheServerSpan(t *testing.T) {
	t.Parallel()
	server := span(1, 9, "http.route", "/chat") // its parent is in the browser
	server.Kind = tracepb.Span_SPAN_KIND_SERVER
	all := interactions(reader().Traces(request(agent(3, 2, "What leak?", "100 ppmv"), span(2, 1), server)))
	require.Len(t, all, 1)
	require.Equal(t, "What leak?", all[0].GetQuestion())
}

func TestRemoteParentMakesALocalRoot(t *testing.T) {
	t.Parallel()
	s := agent(2, 1, "What leak?", "100 ppmv")
	require.Empty(t, interactions(reader().Traces(request(s))), "its parent may still come")
	s = agent(2, 1, "What leak?", "100 ppmv")
	s.Flags = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	require.Len(t, interactions(reader().Traces(request(s))), 1)
}

func TestTraceAcrossRequestsHasTheSourcesThatCameBeforeItsRoot(t *testing.T) {
	t.Parallel()
	r, now := reader(), reader().Now()
	r.Recall, r.Now = otlp.NewRecall(), func() time.Time { return now }
	root := func() *coltracepb.ExportTraceServiceRequest { return request(agent(1, 0, "What leak?", "100 ppmv")) }
	for range 2 { // a request that got no answer comes again
		require.Empty(t, r.Traces(request(search(2, 1))).Interactions)
	}
	for range 2 {
		late := r.Traces(root())
		require.Len(t, late.Events, 1, "the spans of before are not sent again")
		require.Len(t, interactions(late)[0].GetSources(), 1)
	}
	require.Len(t, interactions(r.Traces(request(search(2, 1), agent(1, 0, "What leak?", "100 ppmv"))))[0].GetSources(), 1, "each once")
	now = now.Add(11 * time.Minute)
	require.Empty(t, interactions(r.Traces(root()))[0].GetSources(), "it is forgotten")
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	r := reader()
	r.Recall = otlp.NewRecall()
	of := func(trace byte, s *tracepb.Span) *tracepb.Span {
		s.TraceId = append(make([]byte, 15), trace)
		return s
	}
	for n := range byte(20) { // a megabyte each
		long := search(2, 1)
		long.Attributes = append(long.Attributes, &commonpb.KeyValue{Key: "long", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: strings.Repeat("x", 1<<20)}}})
		r.Traces(request(of(n+1, long)))
	}
	require.Empty(t, interactions(r.Traces(request(of(1, agent(1, 0, "What leak?", "100 ppmv")))))[0].GetSources(), "the oldest is forgotten")
	require.Len(t, interactions(r.Traces(request(of(20, agent(1, 0, "What leak?", "100 ppmv")))))[0].GetSources(), 1)
}

func TestSmallSpansAreBoundedAsWell(t *testing.T) {
	t.Parallel()
	r := reader()
	r.Recall = otlp.NewRecall()
	traces := func(from, n int) *coltracepb.ExportTraceServiceRequest {
		var spans []*tracepb.Span
		for i := range n {
			s := search(2, 1)
			s.TraceId = binary.BigEndian.AppendUint64(make([]byte, 8), uint64(from+i+1))
			spans = append(spans, s)
		}
		return request(spans...)
	}
	first := agent(1, 0, "What leak?", "100 ppmv")
	first.TraceId = binary.BigEndian.AppendUint64(make([]byte, 8), 1)
	r.Traces(traces(0, 1))
	for n := range 20 { // two megabytes of bytes, and ten times as many in memory
		r.Traces(traces(1+n*1000, 1000))
	}
	require.Empty(t, interactions(r.Traces(request(first)))[0].GetSources(), "the oldest is forgotten")
}

func TestATenantDoesNotRecallAnothersSpans(t *testing.T) {
	t.Parallel()
	r, other := reader(), reader()
	r.Recall = otlp.NewRecall()
	other.Recall, other.Tenant = r.Recall, "another"
	r.Traces(request(search(2, 1)))
	require.Empty(t, interactions(other.Traces(request(agent(1, 0, "What leak?", "100 ppmv"))))[0].GetSources())
	require.Len(t, interactions(r.Traces(request(agent(1, 0, "What leak?", "100 ppmv"))))[0].GetSources(), 1)
}

// TestSpansThatAreRememberedMayBeOnTheirWay is for the race detector: they are written while others read them.
func TestSpansThatAreRememberedMayBeOnTheirWay(t *testing.T) {
	t.Parallel()
	r := reader()
	r.Recall = otlp.NewRecall()
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for range 50 {
				for _, request := range []*coltracepb.ExportTraceServiceRequest{
					request(search(3, 1), agent(2, 1, "What leak?", "100 ppmv")), request(span(1, 0, "user.id", "ann", "gen_ai.conversation.id", "c-1")),
				} {
					batch := r.Traces(request)
					for _, e := range append(batch.Events, batch.Interactions...) {
						_, err := proto.Marshal(e.Message)
						assert.NoError(t, err)
					}
				}
			}
		})
	}
	senders.Wait()
	all := interactions(r.Traces(request(span(1, 0))))
	require.Len(t, all, 1)
	require.Len(t, all[0].GetSources(), 1)
}

func TestWhoAskedIsKnownAcrossRequests(t *testing.T) {
	t.Parallel()
	r := reader()
	r.Recall = otlp.NewRecall()
	early := agent(2, 1, "What leak?", "100 ppmv")
	batch := r.Traces(request(early))
	require.Empty(t, batch.Interactions)
	sent := proto.Clone(batch.Events[0].Message)
	server := span(1, 9, "gen_ai.conversation.id", "c-1", "user.id", "ann")
	server.Kind = tracepb.Span_SPAN_KIND_SERVER
	all := interactions(r.Traces(request(server)))
	require.Len(t, all, 1)
	require.Equal(t, "c-1", all[0].GetThreadId(), "a conversation is kept together in datasets")
	require.Equal(t, "ann", all[0].GetOrigin().GetUserId())
	require.True(t, proto.Equal(sent, batch.Events[0].Message), "it may be on its way still")
}

// TestTraceAcrossRequestsLacksItsSources says what the package comment says of a reader that remembers nothing.
func TestTraceAcrossRequestsLacksItsSources(t *testing.T) {
	t.Parallel()
	early, late := reader().Traces(request(search(2, 1))), reader().Traces(request(agent(1, 0, "What leak?", "100 ppmv")))
	require.Empty(t, early.Interactions)
	require.Len(t, late.Interactions, 1)
	require.Empty(t, interactions(late)[0].GetSources())
	whole := reader().Traces(request(search(2, 1), agent(1, 0, "What leak?", "100 ppmv")))
	require.Equal(t, late.Interactions[0].ID, whole.Interactions[0].ID, "however it is cut, it is the same interaction")
}

func TestTraceWithoutWhatItTakesIsNone(t *testing.T) {
	t.Parallel()
	failed := agent(1, 0, "What leak?", "100 ppmv")
	failed.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR}
	ownParent := agent(1, 2, "What leak?", "100 ppmv")
	for name, spans := range map[string][]*tracepb.Span{
		"no answer":       {agent(1, 0, "What leak?", "")},
		"no question":     {agent(1, 0, `{"temperature": 0.2}`, "100 ppmv")},
		"a tool":          {span(1, 0, "gen_ai.operation.name", "execute_tool", "gen_ai.tool.call.arguments", "x", "gen_ai.tool.call.result", "y")},
		"failed":          {failed},
		"no root":         {search(2, 1)},
		"circle":          {ownParent, agent(2, 1, "What leak?", "100 ppmv")},
		"an id twice":     {span(1, 0), span(2, 1), span(1, 2)},
		"nothing to read": {span(1, 0)},
	} {
		require.Empty(t, interactions(reader().Traces(request(spans...))), name)
	}
}

func TestWordsAreFoundInWhatFrameworksRecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ input, output string }{
		{"What leak?", "100 ppmv"},
		{`{"question": "What leak?"}`, `{"answer": "100 ppmv"}`},
		{`{"args": ["What leak?"], "kwargs": {}}`, `"100 ppmv"`},
		{`{"inputs": {"input": "What leak?"}, "tags": ["x"]}`, `{"outputs": {"output": "100 ppmv"}}`},
		{`[{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "What leak?"}]`, `[{"role": "assistant", "content": "100 ppmv"}]`},
		{`{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "What leak?"}, {"type": "image_url"}]}]}`, `{"choices": [{"message": {"role": "assistant", "content": "100 ppmv"}}]}`},
		{`[{"role": "user", "parts": [{"type": "text", "content": "What leak?"}]}]`, `[{"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "100 ppmv"}]}]`},
		{`[[{"role": "human", "content": "What leak?"}]]`, `{"response": "100 ppmv", "id": "1"}`},
	} {
		all := interactions(reader().Traces(request(agent(1, 0, c.input, c.output))))
		require.Len(t, all, 1, c.input)
		require.Equal(t, "What leak?", all[0].GetQuestion(), c.input)
		require.Equal(t, "100 ppmv", all[0].GetAnswer(), c.output)
	}
}
