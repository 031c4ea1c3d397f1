package trainer

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestDatasetBecomesAModelOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 4})
	d := dataset(t, "one", 20)
	b.announce(t, d)
	stop := b.start(t)
	j := b.job(t, d)
	b.awaitModel(t, j)
	b.announce(t, d) // the same again
	other := dataset(t, "two", 20)
	b.announce(t, other) // only to know that the repeat has been read
	b.awaitModel(t, b.job(t, other))
	require.NoError(t, stop())

	require.Len(t, events[*event.TrainingStarted](t, b, topic.Training), 2)
	finished := await[*event.TrainingFinished](t, b, j)
	require.Equal(t, hexSum([]byte("weights")), finished.GetAdapterSha256())
	require.Equal(t, int64(42), finished.GetTokens())
	started := await[*event.TrainingStarted](t, b, j)
	require.Positive(t, started.GetEstimatedVramBytes())
	require.Equal(t, "lora", started.GetMethod())
	points := events[*event.TrainingProgressed](t, b, topic.Training)
	require.NotEmpty(t, points)
	models := events[*event.ModelTrained](t, b, topic.Models)
	require.Len(t, models, 2)
	require.Equal(t, j.ID[:12], models[0].GetVersion())
	require.Equal(t, d.GetManifestSha256(), models[0].GetManifestSha256())
}

func TestEvaluationsAreAlwaysTold(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 50})
	b.cfg.ProgressEvery = time.Hour // all the steps become the first and the last
	d := dataset(t, "one", 20)
	b.announce(t, d)
	stop := b.start(t)
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, stop())
	points := events[*event.TrainingProgressed](t, b, topic.Training)
	require.Less(t, len(points), 10)
	last := points[len(points)-1]
	require.InDelta(t, 0.5, last.GetEvalLoss(), 0)
	require.Equal(t, int64(50), last.GetStep())
}

func TestOnlyTheNewestOfOldDatasetsIsTrained(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	b.announce(t, dataset(t, "old", 5))
	d := dataset(t, "new", 6)
	b.announce(t, d)
	stop := b.start(t)
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, stop())
	require.Len(t, events[*event.TrainingStarted](t, b, topic.Training), 1)
}

func TestSecondDatasetWaits(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 2, Hold: []int64{1}})
	first, second := dataset(t, "one", 5), dataset(t, "two", 6)
	b.announce(t, first)
	stop := b.start(t)
	b.awaitHold(t, first, 1)
	b.announce(t, second)
	b.interrupt(t, first, 1)
	b.awaitModel(t, b.job(t, first))
	b.awaitHold(t, second, 1)
	b.interrupt(t, second, 1)
	b.awaitModel(t, b.job(t, second))
	require.NoError(t, stop())
	require.Empty(t, events[*event.TrainingFailed](t, b, topic.Training))
}

func TestSecondDatasetSupersedes(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 2, Hold: []int64{1}})
	b.cfg.WhenBusy = busySupersede
	first, second := dataset(t, "one", 5), dataset(t, "two", 6)
	b.announce(t, first)
	stop := b.start(t)
	b.awaitHold(t, first, 1)
	b.announce(t, second)
	require.Equal(t, ReasonSuperseded, await[*event.TrainingFailed](t, b, b.job(t, first)).GetReason())
	b.awaitHold(t, second, 1)
	b.interrupt(t, second, 1)
	b.awaitModel(t, b.job(t, second))
	require.NoError(t, stop())
}

func TestTwoQueuesTrainSideBySide(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 2, Hold: []int64{1}})
	b.cfg.Queues = []string{"0", "1"}
	first, second := dataset(t, "one", 5), dataset(t, "two", 6)
	b.announce(t, first)
	stop := b.start(t)
	b.awaitHold(t, first, 1)
	b.announce(t, second)
	b.awaitHold(t, second, 1) // the first one holds still
	require.NoError(t, stop())
}

func TestCanceledJobEndsAndStaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 2, Hold: []int64{1}})
	d := dataset(t, "one", 5)
	b.announce(t, d)
	stop := b.start(t)
	b.awaitHold(t, d, 1)
	await[*event.TrainingStarted](t, b, b.job(t, d))
	state := func() *State {
		f, err := Read(t.Context(), b.Broker, "default")
		require.NoError(t, err)
		s, err := f.Find(b.job(t, d).ID[:6])
		require.NoError(t, err)
		return s
	}
	require.NoError(t, Cancel(t.Context(), b.Broker, state(), "a test"))
	next := dataset(t, "two", 6)
	b.announce(t, next)
	b.awaitHold(t, next, 1) // the queue is free again
	require.NoError(t, stop())

	require.ErrorIs(t, Cancel(t.Context(), b.Broker, state(), "a test"), ErrEnded)
	stop = b.start(t)
	b.awaitModel(t, b.job(t, next))
	require.NoError(t, stop())
	require.Equal(t, StatusFailed, state().Status)
	require.Equal(t, int64(1), b.job(t, d).checkpoint(), "it saved what it had")
	require.Len(t, events[*event.TrainingFailed](t, b, topic.Training), 1)
}

func TestJobThatWasAskedForStartsAgainFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 3, Hold: []int64{1}})
	d := dataset(t, "one", 5)
	b.announce(t, d)
	stop := b.start(t)
	b.awaitHold(t, d, 1)
	f, err := Read(t.Context(), b.Broker, "default")
	require.NoError(t, err)
	require.NoError(t, Cancel(t.Context(), b.Broker, f.Jobs[0], "a test"))
	require.Eventually(t, func() bool { return b.job(t, d).checkpoint() == 1 }, time.Minute, time.Millisecond)
	f, err = Read(t.Context(), b.Broker, "default")
	require.NoError(t, err)
	j, err := Start(t.Context(), b.cfg, b.Broker, f, d)
	require.NoError(t, err)
	b.awaitModel(t, j)
	require.NoError(t, stop())
	starts := events[*event.TrainingStarted](t, b, topic.Training)
	require.Equal(t, int64(1), starts[len(starts)-1].GetResumedFromStep())

	f, err = Read(t.Context(), b.Broker, "default")
	require.NoError(t, err)
	_, err = Start(t.Context(), b.cfg, b.Broker, f, d)
	require.ErrorIs(t, err, ErrEnded)
}

func TestJobThatWasAskedForWhileItsWorkerEndsIsNotForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	tr, j := b.trainer(t), b.job(t, dataset(t, "one", 5))
	s := tr.fold.job(j.ID)
	s.start(&event.TrainingStarted{JobId: j.ID}, time.Now())
	s.fail(&event.TrainingFailed{JobId: j.ID, Reason: ReasonCanceled}, time.Now())
	s.block(&event.TrainingBlocked{JobId: j.ID, Reason: ReasonQueued}, time.Now()) // before the worker has ended
	tr.end(&run{job: j, cancel: func(error) {}, status: StatusFailed, reason: ReasonCanceled})
	require.Equal(t, StatusQueued, s.Status)
}

func TestJobWaitsForTheEnvironmentAndStartsByItself(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	b.cfg.Env = filepath.Join(t.TempDir(), "env")
	d := dataset(t, "one", 5)
	b.announce(t, d)
	tr := b.trainer(t)
	tr.engine = &local{cfg: b.cfg, logger: tr.logger}
	stop := streamtest.Start(t, tr.Run)
	waits := await[*event.TrainingBlocked](t, b, b.job(t, d))
	require.Equal(t, ReasonEnvironment, waits.GetReason())
	require.Equal(t, "make trainer-env", waits.GetCommand())

	// The program of the environment is called with -m ragline_trainer, which the stand-in does not know.
	bin := filepath.Join(b.cfg.Env, "bin")
	script := "#!/bin/sh\nshift 2\nexec " + os.Args[0] + " worker \"$@\"\n"
	require.NoError(t, os.MkdirAll(bin, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, ".python"), []byte(script), 0o755)) //nolint:gosec // a program
	require.NoError(t, os.Rename(filepath.Join(bin, ".python"), filepath.Join(bin, "python")))
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, stop())
	require.Len(t, events[*event.TrainingBlocked](t, b, topic.Training), 1)
}

func TestModelThatWasNotAnnouncedIs(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	d := dataset(t, "one", 5)
	j := b.job(t, d)
	require.NoError(t, j.save())
	require.NoError(t, writeJSON(j.path(resultName), result{AdapterSHA256: "abc"}))
	b.announce(t, d)
	streamtest.Publish(t, b.Broker, derived(j.ID, ordinalFinished, &event.TrainingFinished{JobId: j.ID}))
	stop := b.start(t)
	b.awaitModel(t, j)
	require.NoError(t, stop())
	require.Empty(t, events[*event.TrainingStarted](t, b, topic.Training))
}
