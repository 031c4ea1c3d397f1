package retrieval_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

// following returns an index that follows a cluster's documents and has caught up.
func following(t *testing.T) (*retrieval.Index, *streamtest.Cluster) {
	t.Helper()
	cluster := streamtest.NewCluster(t)
	index, err := retrieval.NewIndex()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	caughtUp, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- index.Follow(ctx, cluster.Broker, func() { close(caughtUp) }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, index.Close())
	})
	<-caughtUp
	return index, cluster
}

func TestSearchSeesEveryDocumentThatWasPublishedBeforeIt(t *testing.T) {
	t.Parallel()
	index, cluster := following(t)
	for i := range 20 {
		word := fmt.Sprintf("word%c", 'a'+i)
		streamtest.Publish(t, cluster.Broker, event.New("test", &event.DocumentChanged{DocumentId: word, Text: "About " + word + "."}))
		index.Fresh(t.Context())
		found, err := index.Search(t.Context(), word, 1)
		require.NoError(t, err)
		require.Len(t, found, 1, "document %d", i)
	}
}

func TestFreshGivesUpWhenKafkaIsAway(t *testing.T) {
	t.Parallel()
	index, cluster := following(t)
	cluster.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	index.Fresh(ctx) // returns: the test would hang otherwise
}

func TestFreshOfAnIndexThatFollowsNothingReturns(t *testing.T) {
	t.Parallel()
	index, err := retrieval.NewIndex()
	require.NoError(t, err)
	index.Fresh(t.Context())
	require.NoError(t, index.Close())
}
