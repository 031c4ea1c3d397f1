package event_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

func TestNewIDsAreUUIDv7SortedByTheirMillisecond(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	previous := ""
	for range 2000 {
		id := event.NewID()
		u, err := uuid.Parse(id)
		require.NoError(t, err)
		require.Equal(t, uuid.Version(7), u.Version())
		require.Equal(t, uuid.RFC4122, u.Variant())
		require.False(t, seen[id])
		seen[id] = true
		require.GreaterOrEqual(t, id[:13], previous, "the first 48 bits are the time")
		previous = id[:13]
	}
	sec, nsec := uuid.MustParse(event.NewID()).Time().UnixTime()
	require.WithinDuration(t, time.Now(), time.Unix(sec, nsec), time.Minute)
}

// These vectors must never change: a consumer that is upgraded in the middle of a batch emits the same ids again.
func TestDerivedIDsAreStable(t *testing.T) {
	t.Parallel()
	namespace := uuid.NewSHA1(uuid.NameSpaceURL, []byte("ragline/event"))
	for _, c := range []struct {
		cause, consumer string
		ordinal         int
		want            string
	}{
		{"0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11", "ragline.agent", 0, "6fee0c74-a956-5049-b40c-c73b0cc218dd"},
		{"0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11", "ragline.agent", 1, "e6b00562-6db3-5c09-aa5a-4171fef9062d"},
		{"0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11", "ragline.evaluator", 0, "ef8bb855-75d6-55ca-b7f8-69ac894f2786"},
		{"", "", 0, "ba277b2b-9e20-5430-b82c-0f801af5ca06"},
	} {
		have := event.DeriveID(c.cause, c.consumer, c.ordinal)
		require.Equal(t, c.want, have)
		byHand := uuid.NewSHA1(namespace, []byte(c.cause+"\x00"+c.consumer+"\x00"+string(rune('0'+c.ordinal))))
		require.Equal(t, byHand.String(), have, "RFC 9562, version 5")
	}
}
