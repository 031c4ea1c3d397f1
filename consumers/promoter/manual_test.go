package promoter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/promoter"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

func TestPersonPromotesAndRollsBack(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	for _, v := range []string{"aa11", "aa22"} {
		streamtest.Publish(t, c.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: v, ServedName: "ragline-default:" + v, ParityPrompts: 1}))
	}
	_, err := promoter.Promote(t.Context(), c.Broker, "default", "aa", "because")
	require.ErrorIs(t, err, promoter.ErrUnknown, "two versions begin like this")
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "aa1", " ")
	require.ErrorIs(t, err, promoter.ErrNoReason)
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "aa1", "because")
	require.NoError(t, err)
	_, err = promoter.RollBack(t.Context(), c.Broker, "default", "because")
	require.ErrorIs(t, err, promoter.ErrNoneBefore)
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "aa22", "better")
	require.NoError(t, err)
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "aa22", "again")
	require.ErrorIs(t, err, promoter.ErrAnswers)
	back, err := promoter.RollBack(t.Context(), c.Broker, "default", "worse")
	require.NoError(t, err)
	require.Equal(t, "aa11", back.GetVersion())
	require.Equal(t, "aa22", back.GetFromVersion())
	r, err := promoter.Read(t.Context(), c.Broker)
	require.NoError(t, err)
	require.Equal(t, "aa11", r.Series("default").Promoted.Version)
}

func TestVersionThatWasNeverPackagedCannotBePromoted(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	streamtest.Publish(t, c.Broker,
		event.New("test", &event.ModelTrained{Model: "default", Version: "trained"}),
		event.New("test", &event.ModelPackaged{Model: "default", Version: "unproven", ServedName: "x"}))
	_, err := promoter.Promote(t.Context(), c.Broker, "default", "trained", "because")
	require.ErrorIs(t, err, promoter.ErrNotServed)
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "unproven", "because")
	require.ErrorIs(t, err, promoter.ErrNotProven)
	_, err = promoter.Promote(t.Context(), c.Broker, "default", "none", "because")
	require.ErrorIs(t, err, promoter.ErrUnknown)
}
