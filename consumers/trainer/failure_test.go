package trainer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestWrongInputIsATypedFailure(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		reason string
		spoil  func(t *testing.T, b *bundle, folder string, d *event.DatasetReady)
	}{
		"missing file": {ReasonDataMissing, func(t *testing.T, _ *bundle, folder string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(folder, "heldout.messages.jsonl")))
		}},
		"missing folder": {ReasonDataMissing, func(t *testing.T, _ *bundle, folder string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.RemoveAll(folder))
		}},
		"bucket": {ReasonDataMissing, func(_ *testing.T, _ *bundle, _ string, d *event.DatasetReady) { d.Uri = "s3://bucket/one" }},
		"wrong hash of a file": {ReasonHashMismatch, func(t *testing.T, _ *bundle, folder string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "train.messages.jsonl"), []byte("{}\n"), 0o600))
		}},
		"wrong hash of the manifest": {ReasonHashMismatch, func(t *testing.T, _ *bundle, folder string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "manifest.json"), []byte("{}\n"), 0o600))
		}},
		"no base": {ReasonBaseMissing, func(t *testing.T, b *bundle, _ string, _ *event.DatasetReady) {
			t.Helper()
			b.cfg.BaseModel = filepath.Join(t.TempDir(), "none")
		}},
		"base that was cut off": {ReasonBaseMissing, func(t *testing.T, b *bundle, _ string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(b.cfg.BaseModel, "model.safetensors"), 20))
		}},
		"quantized base": {ReasonContradiction, func(t *testing.T, b *bundle, _ string, _ *event.DatasetReady) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(b.cfg.BaseModel, "config.json"), []byte(`{"quantization_config":{"load_in_4bit":true}}`), 0o600))
		}},
		"worker's word": {ReasonRowTooLong, func(t *testing.T, b *bundle, _ string, _ *event.DatasetReady) {
			t.Helper()
			b.behave(t, behaviour{Fail: &line{Reason: ReasonRowTooLong, Message: "raise max_length"}})
		}},
		"worker that dies again and again": {ReasonInternal, func(t *testing.T, b *bundle, _ string, _ *event.DatasetReady) {
			t.Helper()
			b.cfg.Attempts = 2
			b.behave(t, behaviour{Exit: 3})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, behaviour{Steps: 1})
			d := dataset(t, "one", 5)
			one.spoil(t, &b, folderOf(d.GetUri()), d)
			b.announce(t, d)
			stop := b.start(t)
			failed := await[*event.TrainingFailed](t, b, b.job(t, d))
			require.NoError(t, stop())
			require.Equal(t, one.reason, failed.GetReason())
			require.NotEmpty(t, failed.GetMessage())
			require.Empty(t, events[*event.TrainingFinished](t, b, topic.Training))

			// The same again is not tried again.
			stop = b.start(t)
			next := dataset(t, "two", 6)
			b.announce(t, next)
			streamtest.Await(t, b.Broker, topic.Training, 1, func(e event.Event) bool {
				switch data := e.Data.(type) {
				case *event.TrainingFailed:
					return data.GetJobId() == b.job(t, next).ID
				case *event.TrainingFinished:
					return data.GetJobId() == b.job(t, next).ID
				}
				return false
			})
			require.NoError(t, stop())
			mine := 0
			for _, f := range events[*event.TrainingFailed](t, b, topic.Training) {
				if f.GetJobId() == b.job(t, d).ID {
					mine++
				}
			}
			require.Equal(t, 1, mine)
		})
	}
}

func TestEmptyTrainingSplitIsAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Steps: 1})
	d := dataset(t, "one", 0)
	_, err := b.job(t, d).verify()
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, ReasonDataEmpty, f.Reason)
}

func TestFailedDatasetIsTriedAgainWithOtherSettings(t *testing.T) {
	t.Parallel()
	b := setup(t, behaviour{Fail: &line{Reason: ReasonOutOfMemory, Message: "lower batch_size"}})
	d := dataset(t, "one", 5)
	b.announce(t, d)
	stop := b.start(t)
	await[*event.TrainingFailed](t, b, b.job(t, d))
	require.NoError(t, stop())
	b.behave(t, behaviour{Steps: 1})
	b.cfg.BatchSize = 1
	stop = b.start(t)
	b.awaitModel(t, b.job(t, d))
	require.NoError(t, stop())
}

func TestSettingsThatCannotWorkAreNamed(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]map[string]string{
		"RAGLINE_TRAINER_METHOD=full":        {"RAGLINE_TRAINER_METHOD": "full"},
		"RAGLINE_TRAINER_BACKEND=unsloth":    {"RAGLINE_TRAINER_BACKEND": "unsloth", "RAGLINE_TRAINER_METHOD": "qdora"},
		"RAGLINE_TRAINER_GPUS=a":             {"RAGLINE_TRAINER_GPUS": "a"},
		"RAGLINE_TRAINER_WHEN_BUSY=stop":     {"RAGLINE_TRAINER_WHEN_BUSY": "stop"},
		"RAGLINE_TRAINER_RANK=0":             {"RAGLINE_TRAINER_RANK": "0"},
		"RAGLINE_TRAINER_KUBE_API":           {"RAGLINE_TRAINER_ENGINE": "kubeflow"},
		"RAGLINE_MODEL_SERIES":               {"RAGLINE_MODEL_SERIES": "A B"},
		"RAGLINE_TRAINER_MAX_STEPS=0":        {"RAGLINE_TRAINER_MAX_STEPS": "0"},
		"RAGLINE_TRAINER_DROPOUT=1":          {"RAGLINE_TRAINER_DROPOUT": "1"},
		"RAGLINE_TRAINER_KUBE_API=localhost": {"RAGLINE_TRAINER_KUBE_API": "localhost"},
	} {
		cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: set})
		require.NoError(t, err)
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
}
