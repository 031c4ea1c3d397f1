package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// poison returns a record of a topic that is no event, for each reason.
func poison(t *testing.T) map[event.Reason]event.Record {
	t.Helper()
	record := func(name, typ, contentType string, value []byte) event.Record {
		r := event.Record{Topic: name, Key: []byte("k"), Value: value, Headers: []event.Header{{Key: "x-mine", Value: []byte("1")}}}
		if typ != "" {
			r.Headers = append(r.Headers, event.Header{Key: event.HeaderType, Value: []byte(typ)})
		}
		if contentType != "" {
			r.Headers = append(r.Headers, event.Header{Key: event.HeaderContentType, Value: []byte(contentType)})
		}
		return r
	}
	const asked, requested = "query.asked.v1", "review.requested.v1"
	return map[event.Reason]event.Record{
		event.ReasonInvalidJSON:     record(topic.Queries, asked, "application/json", []byte(`{"text": "secret question`)),
		event.ReasonInvalidProtobuf: record(topic.Queries, asked, "application/protobuf", []byte{0x0a, 0xff, 1}),
		event.ReasonInvalidUTF8:     record(topic.Queries, asked, "application/json", []byte("{\"text\": \"\xff\"}")),
		event.ReasonMissingField:    record(topic.Queries, asked, "application/json", []byte(`{"text": ""}`)),
		event.ReasonInvalidField:    record(topic.Queries, asked, "application/json", []byte(`{"text": "x", "maxSteps": -1}`)),
		event.ReasonWrongTopic:      record(topic.Queries, requested, "application/json", []byte(`{"reviewId": "r"}`)),
		event.ReasonOversized:       record(topic.Queries, asked, "application/json", bytes.Repeat([]byte(" "), event.MaxValueBytes+1)),
		event.ReasonMissingType:     record(topic.Reviews, "", "application/json", []byte(`{"reviewId": "r"}`)),
	}
}

func TestRecordThatIsNoEventGoesToTheDeadLettersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := poison(t)
	for _, r := range want {
		streamtest.PublishRecords(t, b.Broker, r)
	}
	b.publish(t, query("t", "good"))
	h := recorder(nil)
	b.start(t, h, topic.Queries, topic.Reviews)
	b.awaitCommitted(t, int64(len(want)))
	b.AwaitCommitted(t, group, topic.Reviews, 0, 1)

	require.Len(t, h.Events(), 1, "the neighbour is handled")
	found := b.deadLetters(t)
	require.Len(t, found, len(want))
	for _, d := range found {
		original, ok := want[d.Reason]
		require.True(t, ok, "reason %s", d.Reason)
		require.Equal(t, original.Key, d.Original().Key)
		require.Equal(t, original.Value, d.Original().Value, "byte for byte")
		require.Equal(t, original.Headers, d.Original().Headers)
		require.Equal(t, original.Topic, d.Original().Topic)
		require.NotContains(t, d.Message, "secret")
		require.Equal(t, "test", d.CodeVersion)
		require.Equal(t, group, d.Consumer)
		require.Zero(t, d.Attempts)
	}
}

func TestUnknownTypeIsSkipped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	streamtest.PublishRecords(t, b.Broker, event.Record{
		Topic: topic.Queries, Value: []byte(`{}`),
		Headers: []event.Header{{Key: event.HeaderType, Value: []byte("query.asked.v99")}},
	})
	h := recorder(nil)
	b.start(t, h)
	b.awaitCommitted(t, 1)
	require.Empty(t, h.Events())
	require.Empty(t, b.deadLetters(t))
	require.InDelta(t, 1, b.metric(t, "ragline_stream_outcomes_total"), 0)
}

func TestRecordThatFailsGoesToTheDeadLettersOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := recorder(func(_ context.Context, e event.Event, out stream.Emitter) error {
		if e.Key == "bad" {
			out.Emit(&event.AnswerGiven{QueryId: e.ID, ThreadId: "must not leave"})
			return errors.New("the model is away")
		}
		return nil
	})
	b.publish(t, query("bad", "q"), query("good", "q"))
	b.start(t, h)
	b.awaitCommitted(t, 2)
	require.Len(t, h.Events(), b.cfg.MaxAttempts+1)
	found := b.deadLetters(t)
	require.Len(t, found, 1)
	require.Equal(t, stream.ReasonHandlerFailed, found[0].Reason)
	require.Equal(t, "the model is away", found[0].Message)
	require.Equal(t, b.cfg.MaxAttempts, found[0].Attempts)
	require.WithinDuration(t, time.Now(), found[0].FirstFailed, time.Minute)
	require.Empty(t, streamtest.ReadAll(t, b.Broker, topic.Answers), "a failing handler leaves nothing behind")
}

func TestPanicCountsAsAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.MaxAttempts = 2
	h := recorder(func(_ context.Context, e event.Event, _ stream.Emitter) error {
		if e.Key == "bad" {
			panic("boom")
		}
		return nil
	})
	b.publish(t, query("bad", "q"), query("good", "q"))
	b.start(t, h)
	b.awaitCommitted(t, 2)
	found := b.deadLetters(t)
	require.Len(t, found, 1)
	require.Equal(t, stream.ReasonHandlerPanicked, found[0].Reason)
	require.Equal(t, "panic: boom", found[0].Message)
	require.Equal(t, 2, found[0].Attempts)
}

func TestDroppedRecordIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := recorder(func(context.Context, event.Event, stream.Emitter) error {
		return fmt.Errorf("reading: %w", stream.Drop(errors.New("no such thread")))
	})
	b.publish(t, query("t", "q"))
	b.start(t, h)
	b.awaitCommitted(t, 1)
	require.Len(t, h.Events(), 1)
	require.Equal(t, stream.ReasonDropped, b.deadLetters(t)[0].Reason)
}

func TestRetryInWaitsAsLongAsAsked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.RetryMin, b.cfg.RetryMax = time.Hour, time.Hour // without RetryIn there would be no second try
	var calls atomic.Int64
	h := recorder(func(context.Context, event.Event, stream.Emitter) error {
		if calls.Add(1) == 1 {
			return stream.RetryIn(time.Millisecond, errors.New("429"))
		}
		return nil
	})
	b.publish(t, query("t", "q"))
	b.start(t, h)
	b.awaitCommitted(t, 1)
	require.EqualValues(t, 2, calls.Load())
}

func TestOffsetWaitsForTheAckOfTheDeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.EnsureTopics(t.Context(), streamtest.Topic(topic.DeadLetters(group), 1)))
	refused := b.FailProduce(topic.DeadLetters(group), -1)
	b.publish(t, query("before", "q"), query("bad", "q"), query("after", "q"))
	h := recorder(func(_ context.Context, e event.Event, _ stream.Emitter) error {
		if e.Key == "bad" {
			return stream.Drop(errors.New("bad"))
		}
		return nil
	})
	b.start(t, h)
	h.Await(t, 3)
	require.NoError(t, refused.Wait(t.Context(), 2))
	b.awaitCommitted(t, 1)
	b.Heal()
	b.awaitCommitted(t, 3)
	require.Len(t, b.deadLetters(t), 1)
}

func TestOffsetWaitsForTheAckOfWhatWasEmitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refused := b.FailProduce(topic.Answers, 3)
	b.publish(t, query("t", "q"))
	h := recorder(answer)
	b.start(t, h)
	b.awaitCommitted(t, 1)
	require.Equal(t, 3, refused.Hits())
	require.Len(t, h.Events(), 1, "publishing is repeated, not the handler")
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Answers), 1)
}

func TestEventThatNoReaderWouldAcceptMakesItsCauseADeadLetter(t *testing.T) {
	t.Parallel()
	for name, emitted := range map[string]*event.AnswerGiven{
		"too large":    {QueryId: "q", ThreadId: "t", Text: strings.Repeat("x", event.MaxValueBytes)},
		"field absent": {ThreadId: "t"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			h := recorder(func(_ context.Context, _ event.Event, out stream.Emitter) error {
				out.Emit(emitted)
				return nil
			})
			b.publish(t, query("t", "q"))
			b.start(t, h)
			b.awaitCommitted(t, 1)
			require.Len(t, h.Events(), 1)
			require.Equal(t, stream.ReasonPublishFailed, b.deadLetters(t)[0].Reason)
		})
	}
}

func TestDeadLetterOfAHugeRecordLeavesTheValueInItsTopic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishHuge(t, &kgo.Record{Topic: topic.Queries, Key: []byte("k"), Value: bytes.Repeat([]byte("x"), 8<<20)})
	b.start(t, recorder(nil))
	b.awaitCommitted(t, 1)
	found := b.deadLetters(t)
	require.Len(t, found, 1)
	require.Equal(t, event.ReasonOversized, found[0].Reason)
	require.Equal(t, 8<<20, found[0].OmittedBytes)
	require.Nil(t, found[0].Original().Value)
	require.Equal(t, []byte("k"), found[0].Original().Key)
}

func TestDeadLetterOfARecordWithAHugeKeyOrHeadersLeavesThemInItsTopic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	large := bytes.Repeat([]byte("x"), 1_130_000)
	b.publishHuge(t, &kgo.Record{Topic: topic.Queries, Key: large, Value: []byte("{")})
	b.publishHuge(t, &kgo.Record{
		Topic: topic.Queries, Key: []byte("k"), Value: []byte("{"), Headers: []kgo.RecordHeader{{Key: "large", Value: large}},
	})
	b.publishHuge(t, &kgo.Record{Topic: topic.Queries, Key: large})
	b.start(t, recorder(nil))
	b.awaitCommitted(t, 3)

	found := b.deadLetters(t)
	require.Len(t, found, 3)
	for _, d := range found {
		o := d.Original()
		require.Equal(t, topic.Queries, o.Topic)
		require.Nil(t, o.Key)
		require.Nil(t, o.Value)
		require.Nil(t, o.Headers)
		want := map[int64][3]int{ // in all, of the key, of the headers
			0: {1_130_001, 1_130_000, 0},
			1: {1_130_007, 1, 1_130_005},
			2: {1_130_000, 1_130_000, 0},
		}[o.Offset]
		require.Equal(t, want, [3]int{d.OmittedBytes, d.OmittedKeyBytes, d.OmittedHeaderBytes}, "offset %d", o.Offset)
	}
}

func TestDeadLetterThatIsRefusedInEveryFormHoldsNothingUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	log := &streamtest.Log{}
	b.deps.Logger = log.Logger()
	require.NoError(t, b.EnsureTopics(t.Context(), streamtest.Topic(topic.DeadLetters(group), 1)))
	refused := b.RefuseProduce(topic.DeadLetters(group), kerr.MessageTooLarge, -1)
	streamtest.PublishRecords(t, b.Broker, event.Record{Topic: topic.Queries, Key: []byte("k"), Value: []byte("{")})
	b.start(t, recorder(nil))
	b.awaitCommitted(t, 1)
	require.Equal(t, 3, refused.Hits(), "whole, without the value, without the key")
	require.Contains(t, log.String(), "level=ERROR")
	require.Contains(t, log.String(), "offset=0")
	require.InDelta(t, 1, b.metric(t, "ragline_stream_outcomes_total"), 0)
	require.Empty(t, b.deadLetters(t))
}

// publishHuge publishes a record that passes the broker's limit because it compresses well. Read back it would not.
func (b *bundle) publishHuge(t *testing.T, r *kgo.Record) {
	t.Helper()
	cl, err := b.Client(kgo.ProducerBatchMaxBytes(32<<20), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	require.NoError(t, err)
	defer cl.Close()
	require.NoError(t, cl.ProduceSync(t.Context(), r).FirstErr())
}
