package sdk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

func TestAskReturnsTheAnswerToItsOwnQuestion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answerQueries(t, echo)

	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			text := fmt.Sprintf("question %d", i)
			answer, err := b.client.Ask(t.Context(), sdk.Question{Text: text, UserID: "u-1", Tags: []string{"a"}})
			if err != nil {
				t.Errorf("asking %s: %v", text, err)
				return
			}
			if answer.GetText() != "You asked: "+text || !answer.Success || answer.Time.IsZero() {
				t.Errorf("wrong answer to %s: %v", text, answer)
			}
			if answer.GetOrigin().GetUserId() != "u-1" || answer.GetThreadId() != answer.GetQueryId() {
				t.Errorf("the origin or the thread is lost: %v", answer)
			}
		})
	}
	all.Wait()
}

func TestQuestionOfAThreadStaysInItsThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answerQueries(t, echo)
	first, err := b.client.Ask(t.Context(), sdk.Question{Text: "first"})
	require.NoError(t, err)
	second, err := b.client.Ask(t.Context(), sdk.Question{Text: "second", ThreadID: first.ThreadId, MaxSteps: 3})
	require.NoError(t, err)
	require.Equal(t, first.ThreadId, second.ThreadId)
	require.NotEqual(t, first.QueryId, second.QueryId)
}

func TestAskThatRunsOutOfTimeNamesItsQuery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.answerQueries(t, func(event.Event, *event.QueryAsked) []proto.Message { cancel(); return nil })

	_, err := b.client.Ask(ctx, sdk.Question{Text: "anyone?"})
	var pending *sdk.PendingError
	require.ErrorAs(t, err, &pending)
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, pending.QueryID)
	require.Equal(t, pending.QueryID, pending.ThreadID)
	answer, known := b.client.Recent(pending.QueryID)
	require.True(t, known, "it is asked")
	require.Nil(t, answer)

	require.NoError(t, b.publish(t.Context(), event.Event{ID: pending.QueryID, Tenant: "default"},
		&event.AnswerGiven{QueryId: pending.QueryID, ThreadId: pending.ThreadID, Text: "late"}))
	answer, err = b.client.Answer(t.Context(), pending.QueryID)
	require.NoError(t, err)
	require.Equal(t, "late", answer.Text)
}

func TestAnswerIsFoundByAnotherClientLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answerQueries(t, echo)
	queryID, err := b.client.AskAsync(t.Context(), sdk.Question{Text: "for later"})
	require.NoError(t, err)
	answer, err := b.client.Answer(t.Context(), queryID)
	require.NoError(t, err)
	require.Equal(t, "You asked: for later", answer.Text)

	later := b.open(t, sdk.Config{})
	answer, err = later.Answer(t.Context(), queryID)
	require.NoError(t, err, "it was given before this client listened")
	require.Equal(t, "You asked: for later", answer.Text)
	answer, known := later.Recent(queryID)
	require.True(t, known)
	require.Equal(t, "You asked: for later", answer.Text)
}

func TestQuestionWithTheSameIDGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answered := map[string]bool{}
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message {
		if answered[e.ID] { // as the agent does: a repeat is no new question
			return nil
		}
		answered[e.ID] = true
		return echo(e, q)
	})
	q := sdk.Question{Text: "once", ID: event.NewID()}
	first, err := b.client.Ask(t.Context(), q)
	require.NoError(t, err)
	for _, client := range []*sdk.Client{b.client, b.open(t, sdk.Config{})} {
		again, err := client.Ask(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, first.QueryId, again.QueryId)
	}
}

func TestAnswersOfOtherTenantsAreNotSeen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme, other := b.open(t, sdk.Config{Tenant: "acme"}), b.open(t, sdk.Config{Tenant: "other"})
	require.NoError(t, other.Listen(t.Context()))
	b.answerQueries(t, echo)
	answer, err := acme.Ask(t.Context(), sdk.Question{Text: "secret"})
	require.NoError(t, err)
	public, err := other.Ask(t.Context(), sdk.Question{Text: "public", ThreadID: answer.ThreadId})
	require.NoError(t, err, "same thread, same partition: the secret passed by before")
	require.Equal(t, "You asked: public", public.Text)
	_, known := other.Recent(answer.QueryId)
	require.False(t, known)
}

func TestStreamHandsPiecesOverOnceAndInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answerQueries(t, func(e event.Event, q *event.QueryAsked) []proto.Message {
		chunk := func(index int32, text string) proto.Message {
			return &event.AnswerChunk{QueryId: e.ID, ThreadId: q.GetThreadId(), Index: index, Text: text}
		}
		return []proto.Message{
			chunk(0, "one "), chunk(2, "three "), chunk(0, "one "), chunk(1, "two "), chunk(2, "three "),
			answerTo(e, q, "one two three four"), // the last piece got lost
		}
	})
	var pieces []string
	answer, err := b.client.AskStream(t.Context(), sdk.Question{Text: "count"}, func(text string) { pieces = append(pieces, text) })
	require.NoError(t, err)
	require.Equal(t, "one two three four", answer.Text)
	require.Equal(t, answer.Text, strings.Join(pieces, ""))
	require.Len(t, slices.Compact(slices.Clone(pieces)), len(pieces))
}

func TestCloseEndsWhoeverWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asked := make(chan struct{})
	b.answerQueries(t, func(event.Event, *event.QueryAsked) []proto.Message { close(asked); return nil })
	done := make(chan error, 1)
	go func() {
		_, err := b.client.Ask(context.Background(), sdk.Question{Text: "anyone?"})
		done <- err
	}()
	<-asked
	require.NoError(t, b.client.Close())
	require.ErrorIs(t, <-done, sdk.ErrClosed)
	require.NoError(t, b.client.Close(), "closing twice is fine")

	_, err := b.client.AskAsync(t.Context(), sdk.Question{Text: "late"})
	require.ErrorIs(t, err, sdk.ErrClosed)
	require.ErrorIs(t, b.client.Listen(t.Context()), sdk.ErrClosed)
}

func TestCloseDoesNotWaitForKafka(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reached := make(chan struct{})
	var once sync.Once
	b.cluster.ControlKey(int16(kmsg.ListOffsets), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		once.Do(func() { close(reached) })
		return nil, nil, true // no answer at all
	})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- b.client.Listen(context.Background()) }()
	<-reached
	ctx, cancel := context.WithCancel(t.Context())
	go func() { second <- b.client.Listen(ctx) }()
	cancel()
	require.ErrorIs(t, <-second, context.Canceled, "its own time is up while another call tries")
	require.NoError(t, b.client.Close())
	require.ErrorIs(t, <-first, sdk.ErrClosed)
}

func TestAnswersAreNotMissedWhileTheReaderIsBroken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refusePositions(b, 2) // Listen pins its positions; the reader that starts then fails
	require.NoError(t, b.client.Listen(t.Context()))
	queryID, err := b.client.AskAsync(t.Context(), sdk.Question{Text: "are you there?"})
	require.NoError(t, err)
	require.NoError(t, b.publish(t.Context(), event.Event{ID: queryID, Tenant: "default"},
		&event.AnswerGiven{QueryId: queryID, ThreadId: queryID, Text: "yes"}))
	require.Eventually(t, func() bool {
		answer, _ := b.client.Recent(queryID)
		return answer != nil && answer.Text == "yes"
	}, 20*time.Second, 5*time.Millisecond)
}

func TestQuestionThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, q := range []sdk.Question{{}, {Text: " "}, {Text: strings.Repeat("x", event.MaxTextBytes+1)}, {Text: "x", MaxSteps: -1}} {
		_, err := b.client.Ask(t.Context(), q)
		require.Error(t, err)
		var pending *sdk.PendingError
		require.NotErrorAs(t, err, &pending, "nothing was asked")
	}
}
