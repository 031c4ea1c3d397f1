package event_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestEventSurvivesBothEncodings(t *testing.T) {
	t.Parallel()
	for _, encode := range []func(event.Event) (event.Record, error){event.Encode, event.EncodeJSON} {
		for _, d := range event.Definitions() {
			want := sample(t, d)
			r, err := encode(want)
			require.NoError(t, err)
			have, err := event.Decode(r, "")
			require.NoError(t, err, d.Type)
			require.True(t, proto.Equal(want.Data, have.Data), d.Type)
			require.Equal(t, want.ID, have.ID)
			require.Equal(t, want.Time, have.Time)
			require.Equal(t, want.Tenant, have.Tenant)
			require.Equal(t, event.KeyOf(want.Data), have.Key)
			require.NotEmpty(t, have.Key, "%s has no key", d.Type)
		}
	}
}

func TestNewEventIsCompleteAndDecodes(t *testing.T) {
	t.Parallel()
	before := time.Now().UTC()
	e := event.New("ragline/test", &event.FeedbackGiven{QueryId: "q-1", Value: proto.Float64(0)})
	require.Equal(t, "feedback.given.v1", e.Type)
	require.Equal(t, event.DefaultTenant, e.Tenant)
	require.False(t, e.Time.Before(before))

	r, err := event.Encode(e)
	require.NoError(t, err)
	require.Equal(t, "q-1", string(r.Key), "without a trace the query is the key")
	_, err = event.Decode(r, "")
	require.NoError(t, err, "a thumb down is a value, not an absent one")
}

func TestBareJSONOnQueriesIsAQuery(t *testing.T) {
	t.Parallel()
	record := event.Record{
		Topic: topic.Queries, Partition: 3, Offset: 12, Timestamp: goldenTime,
		Value: []byte(`{"text": "What leak does API 624 accept?", "a_newer_field": 1}`),
	}
	e, err := topic.Decode(record)
	require.NoError(t, err)
	q := e.Data.(*event.QueryAsked)
	require.Equal(t, "query.asked.v1", e.Type)
	require.Equal(t, "What leak does API 624 accept?", q.GetText())
	require.Equal(t, event.DeriveID(topic.Queries, fmt.Sprintf("3@%d", goldenTime.UnixMilli()), 12), e.ID, "the id comes from position and time")
	require.Equal(t, e.ID, q.GetThreadId(), "a conversation of its own")
	require.Equal(t, e.ID, e.Key)
	require.Equal(t, event.DefaultTenant, e.Tenant)
	require.Equal(t, goldenTime, e.Time)

	again, err := topic.Decode(record)
	require.NoError(t, err)
	require.Equal(t, e.ID, again.ID, "a replay gives the same event")

	record.Offset++
	next, err := topic.Decode(record)
	require.NoError(t, err)
	require.NotEqual(t, e.ID, next.ID)
}

func TestJSONAcceptsSnakeCaseAndContentTypeParameters(t *testing.T) {
	t.Parallel()
	e, err := topic.Decode(event.Record{
		Topic: topic.Queries, Value: []byte(`{"text": "hello", "thread_id": "t-1", "max_steps": 3}`),
		Headers: []event.Header{{Key: event.HeaderContentType, Value: []byte("application/json; charset=utf-8")}},
	})
	require.NoError(t, err)
	require.Equal(t, "t-1", e.Key)
	require.Equal(t, int32(3), e.Data.(*event.QueryAsked).GetMaxSteps())

	value, err := proto.Marshal(&event.QueryAsked{Text: "hello"})
	require.NoError(t, err)
	_, err = topic.Decode(event.Record{
		Topic: topic.Queries, Value: value,
		Headers: []event.Header{{Key: event.HeaderContentType, Value: []byte("Application/Protobuf; v=1")}},
	})
	require.NoError(t, err)
}

func TestUnusableIDAndTimeFallBackToTheRecord(t *testing.T) {
	t.Parallel()
	e, err := topic.Decode(event.Record{
		Topic: topic.Queries, Timestamp: goldenTime, Value: []byte(`{"text": "hello"}`),
		Headers: []event.Header{
			{Key: event.HeaderID, Value: []byte("bad \xff id")},
			{Key: event.HeaderTime, Value: []byte("yesterday")},
		},
	})
	require.NoError(t, err)
	require.Equal(t, event.DeriveID(topic.Queries, fmt.Sprintf("0@%d", goldenTime.UnixMilli()), 0), e.ID)
	require.Equal(t, goldenTime, e.Time)
}

func TestTombstoneRemovesADocument(t *testing.T) {
	t.Parallel()
	r, err := topic.Encode(event.Event{ID: "1", Type: "document.changed.v1", Key: "api-624", Time: goldenTime})
	require.NoError(t, err)
	require.Equal(t, topic.Documents, r.Topic)
	require.Nil(t, r.Value)

	e, err := topic.Decode(r)
	require.NoError(t, err)
	require.Nil(t, e.Data)
	require.Equal(t, "api-624", e.Key)

	_, err = event.Encode(event.Event{Type: "document.changed.v1"})
	require.ErrorContains(t, err, "a tombstone needs a key")
}

func TestEncodeRefusesWhatNoReaderAccepts(t *testing.T) {
	t.Parallel()
	_, err := event.Encode(event.New("test", &event.SpanEnded{
		Input: string(make([]byte, event.MaxValueBytes)), StartTime: timestamppb.Now(), EndTime: timestamppb.Now(),
	}))
	requireReason(t, err, event.ReasonOversized, "")
}
