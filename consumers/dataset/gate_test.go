package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestAnswersToTheGatesQuestionsAreNoTrainingData(t *testing.T) {
	t.Parallel()
	var s story
	s.answer(0, func(in *event.InteractionCaptured) { in.Origin = &event.Origin{Environment: event.EnvironmentGate} })
	s.scores(0, .9, .9, .95)
	s.feedback(0, "user", 1, "Corrected by a person.")
	s.answer(1, func(in *event.InteractionCaptured) { in.Origin = &event.Origin{Environment: "production"} })
	s.scores(1, .9, .9, .95)
	p := makePlan(s.history(), seedSet{}, config(""))
	require.Len(t, p.rows, 1)
	require.Equal(t, traceID(1), p.rows[0].key)
}

func TestScheduleBuildsOfFewerRowsThanTheThreshold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cfg := config(b.dir)
	cfg.Threshold, cfg.Schedule = 1000, 1
	builder := b.newBuilder(t, config(b.dir))
	builder.cfg = cfg // a nanosecond: a shorter schedule than Validate takes
	streamtest.Start(t, builder.Run)
	var s story
	s.answer(0)
	s.scores(0, .9, .9, .95)
	streamtest.Publish(t, b.Broker, s.events...)
	ready := streamtest.Await(t, b.Broker, topic.Datasets, 1, func(event.Event) bool { return true })[0].Data.(*event.DatasetReady)
	info, err := Show(b.dir, ready.GetDatasetId())
	require.NoError(t, err)
	require.Len(t, info.HeldOutSHA256, 64)
	require.Equal(t, "grounded", info.PromptName)
}
