package agent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// shared is a memory store that says that others work on it.
type shared struct{ *checkpoint.Memory }

func (shared) Shared() bool { return true }

func TestPublisherThatWasTakenOverDoesNotPublish(t *testing.T) {
	t.Parallel()
	store := shared{checkpoint.NewMemory()}
	one, other := newCrew(store, time.Nanosecond), newCrew(store, time.Minute)
	require.NoError(t, one.publish(t.Context()))
	one.ttl = time.Minute                          // it believes so
	require.NoError(t, other.publish(t.Context())) // the lease had run out
	require.NoError(t, one.stay(t.Context()))
	_, _, err := one.publishing(t.Context())
	require.ErrorIs(t, err, errPublisher)
	_, cancel, err := other.publishing(t.Context())
	require.NoError(t, err)
	cancel()
}

func TestPublisherThatGetsItsLeaseBackReadsBackFirst(t *testing.T) {
	t.Parallel()
	store := shared{checkpoint.NewMemory()}
	one, other := newCrew(store, time.Nanosecond), newCrew(store, time.Nanosecond)
	require.NoError(t, one.publish(t.Context()))
	require.NoError(t, other.publish(t.Context()))
	one.ttl = time.Minute
	require.NoError(t, one.stay(t.Context())) // the other's lease has run out, too
	_, _, err := one.publishing(t.Context())
	require.ErrorIs(t, err, errPublisher)
	require.NoError(t, one.publish(t.Context())) // what a round begins with
	_, cancel, err := one.publishing(t.Context())
	require.NoError(t, err)
	cancel()
}
