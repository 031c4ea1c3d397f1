package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	parent  = "b7ad6b7169203331"
)

// setupTraced has a topic of spans and traces every event.
func setupTraced(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	require.NoError(t, b.EnsureTopics(t.Context(), streamtest.Topic(topic.Spans, 1)))
	b.cfg.TraceSample = 1
	b.cfg.ShutdownTimeout = 25 * time.Second // a fifth of it is how long a span is tried
	return b
}

// spans returns the spans so far, each with its envelope.
func (b *bundle) spans(t *testing.T) ([]event.Event, []*event.SpanEnded) {
	t.Helper()
	events := streamtest.ReadAll(t, b.Broker, topic.Spans)
	spans := make([]*event.SpanEnded, len(events))
	for i, e := range events {
		spans[i] = e.Data.(*event.SpanEnded)
	}
	return events, spans
}

func TestSpanOfAHandledEventIsAChildOfItsTraceParent(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	asked := query("t", "hello")
	asked.Tenant, asked.TraceParent = "acme", "00-"+traceID+"-"+parent+"-01"
	began := time.Now()
	failed := false
	b.publish(t, asked)
	b.start(t, recorder(func(ctx context.Context, e event.Event, out stream.Emitter) error {
		if !failed {
			failed = true
			return errors.New("once more")
		}
		return answer(ctx, e, out)
	}))
	b.awaitCommitted(t, 1)

	events, spans := b.spans(t)
	require.Len(t, spans, 1)
	require.Equal(t, []string{"ragline/agent", "acme", traceID}, []string{events[0].Source, events[0].Tenant, events[0].Key})
	require.NotEqual(t, streamtest.ReadAll(t, b.Broker, topic.Answers)[0].ID, events[0].ID)
	s := spans[0]
	require.Equal(t, []string{traceID, parent, "process ragline.queries"}, []string{s.GetTraceId(), s.GetParentSpanId(), s.GetName()})
	require.NotEqual(t, parent, s.GetSpanId())
	require.Equal(t, event.StatusCode_STATUS_CODE_OK, s.GetStatus())
	require.False(t, s.GetStartTime().AsTime().Before(began))
	require.False(t, s.GetEndTime().AsTime().Before(s.GetStartTime().AsTime()))
	require.Equal(t, map[string]any{
		"messaging.system": "kafka", "messaging.operation.name": "process", "messaging.destination.name": "ragline.queries",
		"messaging.destination.partition.id": "0", "messaging.consumer.group.name": "agent",
		"messaging.kafka.offset": int64(0), "ragline.attempts": int64(2),
	}, plain(s.GetAttributes()))
	require.Equal(t, map[string]string{"service.name": "ragline/agent"}, s.GetResource())
}

func plain(attributes map[string]*event.AttributeValue) map[string]any {
	values := map[string]any{}
	for name, v := range attributes {
		if n, ok := v.GetValue().(*event.AttributeValue_IntValue); ok {
			values[name] = n.IntValue
		} else {
			values[name] = v.GetStringValue()
		}
	}
	return values
}

func TestSpanOfAnEventWithoutATraceParentHasATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	strange := query("t", "hello")
	strange.TraceParent = "junk"
	b.publish(t, query("t", "hello"), strange)
	b.start(t, recorder(nil)) // nothing but the spans is published
	b.awaitCommitted(t, 2)
	_, spans := b.spans(t)
	require.Len(t, spans, 2)
	require.NotEqual(t, spans[0].GetTraceId(), spans[1].GetTraceId())
	require.Empty(t, spans[0].GetParentSpanId()+spans[1].GetParentSpanId())
}

func TestSpanOfARepeatHasTheSameIDs(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	b.FailCommits(-1) // what was published is never committed
	b.publish(t, query("t", "hello"))
	stop := b.start(t, recorder(answer))
	streamtest.Await(t, b.Broker, topic.Spans, 1, func(event.Event) bool { return true })
	require.NoError(t, stop())

	b.Heal()
	b.start(t, recorder(answer))
	b.awaitCommitted(t, 1)
	other := &streamtest.Recorder{Group: "other"}
	b.start(t, other)
	b.AwaitCommitted(t, "other", topic.Queries, 0, 1)
	events, spans := b.spans(t)
	require.Len(t, spans, 3)
	require.Equal(t, events[0].ID, events[1].ID)
	require.Equal(t, spans[0].GetSpanId(), spans[1].GetSpanId())
	require.NotEqual(t, events[0].ID, events[2].ID, "another group's span is another")
	require.NotEqual(t, spans[0].GetSpanId(), spans[2].GetSpanId())
	for _, s := range spans {
		require.Equal(t, spans[0].GetTraceId(), s.GetTraceId(), "one event, one trace")
	}
}

func TestSpanOfADeadLetterSaysWhy(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	b.publish(t, query("t", "hello"))
	streamtest.PublishRecords(t, b.Broker, event.Record{Topic: topic.Queries, Value: []byte("no event")})
	b.start(t, recorder(func(context.Context, event.Event, stream.Emitter) error { return stream.Drop(errors.New("not for us")) }))
	b.awaitCommitted(t, 2)
	_, spans := b.spans(t)
	require.Len(t, spans, 1, "no handler was called for what is no event")
	require.Equal(t, event.StatusCode_STATUS_CODE_ERROR, spans[0].GetStatus())
	require.Equal(t, "dropped", plain(spans[0].GetAttributes())["error.type"])
	require.Equal(t, "not for us", spans[0].GetStatusMessage())
	require.Len(t, b.deadLetters(t), 2)
}

func TestEventsOfTheSpansTopicGetNoSpan(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	b.publish(t, query("t", "hello"))
	b.start(t, recorder(nil), topic.Queries, topic.Spans)
	b.awaitCommitted(t, 1)
	b.AwaitCommitted(t, group, topic.Spans, 0, 1) // the span of the query
	_, spans := b.spans(t)
	require.Len(t, spans, 1)
}

func TestNothingIsTracedAtARateOfZero(t *testing.T) {
	t.Parallel()
	b := setupTraced(t)
	b.cfg.TraceSample = 0
	b.publish(t, queries(50)...)
	b.start(t, recorder(answer))
	b.awaitCommitted(t, 50)
	_, spans := b.spans(t)
	require.Empty(t, spans)
}

func TestSpanThatCannotBePublishedDoesNotHoldUpItsRecord(t *testing.T) {
	t.Parallel()
	for _, fault := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.MessageTooLarge, kerr.NotLeaderForPartition} {
		t.Run(fault.Message, func(t *testing.T) {
			t.Parallel()
			b := setupTraced(t)
			b.cfg.ShutdownTimeout = time.Second
			b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic.Spans, Count: -1, Err: fault})
			b.publish(t, queries(2)...)
			b.start(t, recorder(answer))
			b.awaitCommitted(t, 2)
			require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Answers), 2)
			require.Empty(t, b.deadLetters(t))
		})
	}
}
