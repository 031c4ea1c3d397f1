package front

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIdleSessionEndsAfterItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ss := newSessions()
		s, isNew, err := ss.take("k", "k", false)
		require.NoError(t, err)
		require.True(t, isNew)
		ss.giveBack("k", s, time.Minute)

		<-time.After(59 * time.Second)
		again, isNew, err := ss.take("k", "k", true)
		require.NoError(t, err)
		require.False(t, isNew)
		require.Same(t, s, again)
		<-time.After(time.Hour) // busy sessions do not expire
		ss.giveBack("k", s, time.Minute)

		<-time.After(61 * time.Second)
		_, _, err = ss.take("k", "k", true)
		require.ErrorContains(t, err, "not found")
	})
}

func TestBusySessionIsLocked(t *testing.T) {
	t.Parallel()
	ss := newSessions()
	_, _, err := ss.take("k", "k", false)
	require.NoError(t, err)
	_, _, err = ss.take("k", "k", false)
	require.ErrorContains(t, err, "locked")
}

func TestNoSessionOpensAfterTheEnd(t *testing.T) {
	t.Parallel()
	ss := newSessions()
	s, _, err := ss.take("k", "k", false)
	require.NoError(t, err)
	ss.close()
	ss.giveBack("k", s, time.Minute)
	require.Empty(t, ss.byKey)
	_, _, err = ss.take("k", "k", false)
	require.Error(t, err)
}
