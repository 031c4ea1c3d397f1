package exporter_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/exporter/langsmith/langsmithtest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestScoreOfASpanThatWentByIsOnItsRun(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	tg := langsmithTargetOn(s)
	b := targetSetup(t, tg)
	b.run(t)
	events, cost := traces(0, 1)
	streamtest.Publish(t, b.cluster.Broker, events...)
	tg.requireOnce(t, events, cost)
	model := events[0].Data.(*event.SpanEnded)
	of := event.New("test", &event.ScoreGiven{TraceId: model.GetTraceId(), SpanId: model.GetSpanId(), Name: "grounding", Value: proto.Float64(1)})
	streamtest.Publish(t, b.cluster.Broker, of)
	require.Eventually(t, func() bool { return s.Feedback()[of.ID].ID != "" }, wait, tick)
	for _, r := range s.Runs() {
		if r.Name == model.GetName() {
			require.Equal(t, r.ID, s.Feedback()[of.ID].RunID)
			require.Equal(t, r.TraceID, s.Feedback()[of.ID].TraceID)
			return
		}
	}
	t.Fatal("the model's run is not there")
}

func TestScoreOfASpanWhoseRootHasNotEndedIsInTheTraceOfTheRoot(t *testing.T) {
	t.Parallel()
	s := langsmithtest.New(t)
	tg := langsmithTargetOn(s)
	b := targetSetup(t, tg)
	events, _ := traces(0, 1)
	streamtest.Publish(t, b.cluster.Broker, events[:2]...) // the model's span and the step above it
	model := events[0].Data.(*event.SpanEnded)
	require.ErrorIs(t, b.handle(t, batch(t, events[:2]...)), exporter.ErrUnended)
	of := event.New("test", &event.ScoreGiven{TraceId: model.GetTraceId(), SpanId: model.GetSpanId(), Name: "guard", Value: proto.Float64(1)})
	scored := batch(t, of)
	scored.Topic = topic.Scores
	require.NoError(t, b.handle(t, scored))
	require.NoError(t, b.handle(t, batch(t, events[:3]...)))
	require.Len(t, s.Runs(), 3)
	for _, r := range s.Runs() {
		require.Equal(t, r.TraceID, s.Feedback()[of.ID].TraceID, r.Name)
	}
}
