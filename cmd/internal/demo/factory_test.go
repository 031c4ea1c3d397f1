package demo

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJobThatNeverStartsIsWaitedForAndItsFailureEndsTheWait(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, topic.All()...)
	var out bytes.Buffer
	d := &Demo{Broker: cluster.Broker, Out: term.New(&out), Trainer: trainer.Config{BaseModel: t.TempDir(), Dir: t.TempDir()}}
	ready := &event.DatasetReady{DatasetId: "one", Uri: "file:///nowhere", ManifestSha256: "abc"}
	job, err := trainer.NewJob(d.Trainer, ready)
	require.NoError(t, err)
	streamtest.Publish(t, cluster.Broker, event.New("test", &event.TrainingBlocked{JobId: job.ID, Reason: trainer.ReasonEnvironment, Command: "make trainer-env"}))
	streamtest.Publish(t, cluster.Broker, event.New("test", &event.TrainingFailed{JobId: job.ID, Reason: trainer.ReasonBaseMissing, Message: "bring it back"}))
	_, err = d.follow(t.Context(), ready)
	require.ErrorIs(t, err, ErrNotPromoted)
	require.ErrorContains(t, err, "bring it back")
	require.Contains(t, out.String(), "make trainer-env")
}
