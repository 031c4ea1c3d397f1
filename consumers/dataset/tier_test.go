package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

func TestTierTable(t *testing.T) {
	t.Parallel()
	one, zero := 1.0, 0.0
	state := func(s event.AnswerState) func(*event.InteractionCaptured) {
		return func(in *event.InteractionCaptured) { in.State = s }
	}
	oneSource := func(in *event.InteractionCaptured) { in.Sources = in.Sources[:1] }
	for _, c := range []struct {
		name  string
		tell  func(*story)
		tier  Tier
		cause string
	}{
		{"thumbs up and no evaluator objects", func(s *story) { s.answer(0); s.scores(0, .95, .7, .95); s.feedback(0, "u", 1, "") }, TierGold, "verified"},
		{"thumbs up does not outweigh a hallucination", func(s *story) { s.answer(0); s.scores(0, .5, .9, .99); s.feedback(0, "u", 1, "") }, TierBronze, "floor"},
		{"thumbs up does not outweigh a wrong fact", func(s *story) {
			s.answer(0)
			s.scores(0, 1, 1, 1)
			s.score(0, "domain_accuracy", .5, .9)
			s.feedback(0, "u", 1, "")
		}, TierNone, "contradicts"},
		{"thumbs up without evaluation", func(s *story) { s.answer(0); s.feedback(0, "u", 1, "") }, TierNone, "not evaluated"},
		{"correction", func(s *story) { s.answer(0); s.feedback(0, "u", 0, "It is 4 bar.") }, TierGold, "corrected"},
		{"correction of a failed run", func(s *story) {
			s.answer(0, state(event.AnswerState_ANSWER_STATE_FAILED))
			s.feedback(0, "u", 0, "It is 4 bar.")
		}, TierGold, "corrected"},
		{"validated with two sources", func(s *story) { s.answer(0); s.scores(0, .9, .8, .95) }, TierSilver, "two sources"},
		{"fact check counts where it could check", func(s *story) { s.answer(0); s.scores(0, .9, .8, .9); s.score(0, "domain_accuracy", 1, .9) }, TierSilver, "two sources"},
		{"one source", func(s *story) { s.answer(0, oneSource); s.scores(0, .9, .9, .95) }, TierBronze, "floor"},
		{"exactly the silver floor", func(s *story) { s.answer(0); s.scores(0, .85, .75, .95) }, TierSilver, "two sources"},
		{"exactly the bronze floor", func(s *story) { s.answer(0); s.scores(0, .7, .7, .7) }, TierBronze, "floor"},
		{"below the floor", func(s *story) { s.answer(0); s.scores(0, .6, .7, .7) }, TierNone, "below"},
		{"high mean, but one evaluator objects", func(s *story) { s.answer(0); s.scores(0, .78, 1, 1) }, TierBronze, "floor"},
		{"thumbs down", func(s *story) { s.answer(0); s.scores(0, 1, 1, 1); s.feedback(0, "u", 0, "") }, TierNone, "rejected it"},
		{"two users disagree", func(s *story) {
			s.answer(0)
			s.scores(0, 1, 1, 1)
			s.feedback(0, "u", 1, "")
			s.feedback(0, "v", 0, "")
		}, TierNone, "rejected it"},
		{"a user changes their mind", func(s *story) {
			s.answer(0)
			s.scores(0, 1, 1, 1)
			s.feedback(0, "u", 0, "")
			s.feedback(0, "u", 1, "")
		}, TierGold, "verified"},
		{"lukewarm feedback is no verification", func(s *story) { s.answer(0); s.scores(0, .9, .9, .95); s.feedback(0, "u", .6, "") }, TierSilver, "two sources"},
		{"right abstention, praised", func(s *story) {
			s.answer(0, state(event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE))
			s.abstained(0, &one)
			s.feedback(0, "u", 1, "")
		}, TierBronze, "rightly"},
		{"answerable abstention", func(s *story) { s.answer(0); s.abstained(0, &zero) }, TierNone, "abstained without need"},
		{"unclear abstention", func(s *story) { s.answer(0); s.abstained(0, nil) }, TierNone, "abstained without need"},
		{"abstention that nobody judged", func(s *story) { s.answer(0, state(event.AnswerState_ANSWER_STATE_NOT_IN_KNOWLEDGE_BASE)) }, TierNone, "abstained without need"},
		{"failed run", func(s *story) { s.answer(0, state(event.AnswerState_ANSWER_STATE_FAILED)); s.scores(0, 1, 1, 1) }, TierNone, "no answer"},
		{"later score wins", func(s *story) { s.answer(0); s.scores(0, .1, .1, .1); s.scores(0, .9, .9, .95) }, TierSilver, "two sources"},
	} {
		s := &story{}
		c.tell(s)
		traces := fold(s.history())
		require.Len(t, traces, 1, c.name)
		v := judge(traces[0])
		require.Equal(t, c.tier, v.tier, "%s: %s", c.name, v.reason)
		require.Contains(t, v.reason, c.cause, c.name)
	}
}

func TestScoreWhereLowerIsBetterIsTurned(t *testing.T) {
	t.Parallel()
	s := &story{}
	s.answer(0)
	s.scores(0, .9, .9, .9)
	value := 0.1
	s.add(&event.ScoreGiven{
		TraceId: traceID(0), Name: "hallucination", Value: &value, State: event.ScoreState_SCORE_STATE_OK,
		Direction: event.Direction_DIRECTION_LOWER_IS_BETTER, Passed: true,
	})
	v := judge(fold(s.history())[0])
	require.InDelta(t, .9, v.validation, 1e-12)
}

func TestFeedbackFindsItsTraceByQuery(t *testing.T) {
	t.Parallel()
	s := &story{}
	s.answer(0)
	value := 0.0
	s.add(&event.FeedbackGiven{QueryId: "query-0", Value: &value, CorrectedAnswer: "4 bar"})
	require.True(t, judge(fold(s.history())[0]).corrected)
}

func TestFirstInteractionOfATraceWinsAndRepeatsAreIgnored(t *testing.T) {
	t.Parallel()
	s := &story{}
	s.answer(0)
	s.answer(0, func(in *event.InteractionCaptured) { in.Answer = "another publisher" })
	s.events = append(s.events, s.events[0])
	traces := fold(s.history())
	require.Len(t, traces, 1)
	require.Contains(t, traces[0].interaction.GetAnswer(), "3 bar")
}
