package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

// TestWhatIsCopiedOntoEveryEventIsBounded is about hostile queries: their thread, user and tags travel on.
func TestWhatIsCopiedOntoEveryEventIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", event.MaxIDBytes+1)
	for field, q := range map[string]*event.QueryAsked{
		"threadId":           {Text: "?", ThreadId: long},
		"origin.userId":      {Text: "?", Origin: &event.Origin{UserId: long}},
		"origin.sessionId":   {Text: "?", Origin: &event.Origin{SessionId: long}},
		"origin.environment": {Text: "?", Origin: &event.Origin{Environment: long}},
		"origin.tags":        {Text: "?", Origin: &event.Origin{Tags: []string{long}}},
	} {
		var wrong *event.DecodeError
		require.ErrorAs(t, event.Validate(q), &wrong, field)
		require.Equal(t, field, wrong.Field)
		require.Equal(t, event.ReasonOversized, wrong.Reason)
	}
	many := &event.QueryAsked{Text: "?", Origin: &event.Origin{Tags: make([]string, event.MaxTags+1)}}
	require.ErrorContains(t, event.Validate(many), "origin.tags")
	fits := &event.QueryAsked{Text: "?", ThreadId: long[1:], Origin: &event.Origin{Tags: make([]string, event.MaxTags)}}
	require.NoError(t, event.Validate(fits))
}

func TestRecordWithoutIDGetsAnotherOneInATopicThatWasCreatedAgain(t *testing.T) {
	t.Parallel()
	r := event.Record{Topic: "ragline.queries", Offset: 3, Value: []byte(`{"text":"?"}`), Timestamp: time.UnixMilli(1000)}
	first, err := event.Decode(r, "query.asked.v1")
	require.NoError(t, err)
	again, err := event.Decode(r, "query.asked.v1")
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID, "a replay gives the same id")
	r.Timestamp = time.UnixMilli(2000)
	other, err := event.Decode(r, "query.asked.v1")
	require.NoError(t, err)
	require.NotEqual(t, first.ID, other.ID)
}
