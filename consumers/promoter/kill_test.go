package promoter_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	waitLong = 2 * time.Minute
	tick     = 20 * time.Millisecond
)

// TestPromoterThatIsStoppedAnywhereDecidesOnce stops it at each question, and within the wait for scores. It keeps nothing,
// so the end of its context is all that a kill could take away, but for what is on its way to Kafka.
func TestPromoterThatIsStoppedAnywhereDecidesOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.packaged("good")
	var asked atomic.Int64
	for stops := int64(1); stops <= int64(len(r.gold)); stops++ {
		ctx, stop := context.WithCancel(t.Context())
		asked.Store(0)
		r.ollama.Fail = func(req *http.Request) (int, string) {
			if req.URL.Path == "/api/chat" && asked.Add(1) == 2 { // one question answered, the second is cut off
				stop()
			}
			return 0, ""
		}
		done := make(chan error, 1)
		go func() { done <- r.open(r.config()).Run(ctx) }()
		if stops == int64(len(r.gold)) { // nothing is left to ask: it waits for scores
			require.Eventually(t, func() bool { return len(streamtest.ReadRecords(t, r.Broker, topic.Interactions)) >= len(r.gold) }, waitLong, tick)
			stop()
		}
		require.NoError(t, <-done)
		stop()
	}
	require.Empty(t, streamtest.ReadRecords(t, r.Broker, topic.Scores))
	r.judge()
	for range 3 { // each of these decides, or finds what the one before has decided
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.open(r.config()).Run(ctx) }()
		r.promoted("good")
		stop()
		require.NoError(t, <-done)
	}
	require.Len(t, ids(t, r, topic.Interactions), len(r.gold))
	require.Len(t, ids(t, r, topic.Spans), len(r.gold))
	decided := map[string]string{}
	for _, e := range streamtest.ReadAll(t, r.Broker, topic.Models) {
		decided[e.ID] = e.Type
	}
	require.Len(t, decided, 4, "trained, packaged, evaluated, promoted: %v", decided)
}

func ids(t *testing.T, r *rig, name string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, e := range streamtest.ReadAll(t, r.Broker, name) {
		out[e.ID] = true
	}
	return out
}

// TestVerdictWithoutDecisionIsCompleted is the crash between model.evaluated and the decision.
func TestVerdictWithoutDecisionIsCompleted(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.judge()
	r.packaged("good")
	stop := streamtest.Start(t, r.open(r.config()).Run)
	r.promoted("good")
	require.NoError(t, stop())

	again := setup(t) // the same log but for the decision
	again.ready, again.folder = r.ready, r.folder
	for _, name := range []string{topic.Models, topic.Interactions, topic.Scores} {
		for _, rec := range streamtest.ReadRecords(t, r.Broker, name) {
			if rec.Header("ce_type") != event.TypeOf(&event.ModelPromoted{}) {
				streamtest.PublishRecords(t, again.Broker, rec)
			}
		}
	}
	again.start()
	again.promoted("good")
	require.Zero(t, again.ollama.Calls("POST /api/chat"), "nothing is asked again")
	require.Equal(t, ids(t, r, topic.Models), ids(t, again, topic.Models), "verdict and decision have the ids that they had")
}
