package main

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// trainRig is a cluster and settings with a base model of headers, and no trainer.
func trainRig(t *testing.T) (r *rig, base string) {
	t.Helper()
	dir := t.TempDir()
	base = filepath.Join(dir, "tiny")
	require.NoError(t, os.MkdirAll(base, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(base, "config.json"), []byte(`{"hidden_size":256,"intermediate_size":256,"num_hidden_layers":1,"vocab_size":512}`), 0o600))
	header := `{"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[256,256],"data_offsets":[0,0]}}`
	weights := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	require.NoError(t, os.WriteFile(filepath.Join(base, "model.safetensors"), weights, 0o600))
	r = &rig{Cluster: streamtest.NewCluster(t), envFile: filepath.Join(dir, "settings")}
	settings := "KAFKA_BROKERS=" + r.Addr() + "\nRAGLINE_DATA_DIR=" + dir + "\nRAGLINE_DOMAIN_DIR=" + packDir + "\nRAGLINE_TRAINER_ENV=" + filepath.Join(dir, "none") + "\n"
	require.NoError(t, os.WriteFile(r.envFile, []byte(settings), 0o600))
	return r, base
}

func TestJobIsAskedForWatchedAndCanceled(t *testing.T) {
	t.Parallel()
	r, base := trainRig(t)
	require.Contains(t, r.do(t, "train", "list"), "nothing has been trained")
	require.Contains(t, r.refused(t, exitFailure, "train", "start", "--base", base), "ragline dataset build")
	r.do(t, "dataset", "build")
	job := read[trainer.Job](t, r.do(t, "train", "start", "--base", base, "--method", "dora", "--json"))
	require.Equal(t, trainer.MethodDoRA, job.Method)
	require.FileExists(t, filepath.Join(job.OutputDir, "config.json"))
	require.Contains(t, r.do(t, "train", "list"), "queued: run ragline run trainer")
	short := job.ID[:8]

	streamtest.Publish(t, r.Broker,
		event.New("test", &event.TrainingStarted{JobId: job.ID, DatasetId: job.DatasetID, Method: "dora", Device: "cpu", EstimatedSeconds: 60}),
		event.New("test", &event.TrainingProgressed{JobId: job.ID, Step: 3, TotalSteps: 6, Loss: 1.5, TokensPerSecond: 200, EtaSeconds: 9}))
	require.Contains(t, r.do(t, "train", "list"), "3/6")
	require.Contains(t, r.refused(t, exitFailure, "train", "start", "--base", base, "--method", "dora"), "under way")
	require.Contains(t, r.do(t, "train", "cancel", short), "canceled: "+job.ID[:12])
	require.Contains(t, r.refused(t, exitFailure, "train", "cancel", short), "ended")
	out, _, code := r.call(t, "train", "watch", short)
	require.Equal(t, exitFailure, code)
	require.Contains(t, out, "canceled by")
	require.Contains(t, r.refused(t, exitFailure, "train", "watch", "ffff"), "ragline train list")

	// Asked for again it runs and finishes.
	r.do(t, "train", "start", "--base", base, "--method", "dora")
	streamtest.Publish(t, r.Broker, event.New("test", &event.TrainingFinished{JobId: job.ID, TrainLoss: 0.5, EvalLoss: 0.75, Seconds: 61}))
	require.Contains(t, r.do(t, "train", "watch"), "loss 0.5, held out 0.75 in 1m1s")
	require.Equal(t, trainer.StatusFinished, read[trainer.State](t, r.do(t, "train", "watch", "--json")).Status)
	require.Contains(t, r.refused(t, exitFailure, "train", "start", "--base", base, "--method", "dora"), "RAGLINE_TRAINER_SEED")
	require.Len(t, streamtest.ReadAll(t, r.Broker, topic.Training), 6)
}

func TestDoctorSaysWhatTheFactoryLacks(t *testing.T) {
	t.Parallel()
	r, base := trainRig(t)
	found := func() map[string]finding {
		out, _, _ := r.call(t, "doctor", "--json")
		byCheck := map[string]finding{}
		for _, f := range read[[]finding](t, out) {
			byCheck[f.Check] = f
		}
		return byCheck
	}
	off := found()
	require.Equal(t, levelOK, off["training"].Level)
	require.NotContains(t, off, "Ollama", "who trains nothing is not asked for it")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	settings, err := os.ReadFile(r.envFile)
	require.NoError(t, err)
	settings = append(settings, "RAGLINE_TRAINER_BASE_MODEL="+base+"\nOLLAMA_HOST="+listener.Addr().String()+"\n"...)
	require.NoError(t, os.WriteFile(r.envFile, settings, 0o600))
	on := found()
	require.Equal(t, finding{"training", levelWarning, "the training environment is not here: jobs wait for it", "make trainer-env"}, on["training"])
	require.Equal(t, levelWarning, on["Ollama"].Level)
	require.Contains(t, on["Ollama"].Fix, "OLLAMA_HOST")
}

func TestDecisionsSayWhatIsWrongBeforeTheyAreMade(t *testing.T) {
	t.Parallel()
	r, _ := trainRig(t)
	require.JSONEq(t, "[]", r.do(t, "train", "list", "--json"))
	require.JSONEq(t, "[]", r.do(t, "model", "list", "--json"))
	require.Contains(t, r.refused(t, exitUsage, "model", "rollback", "default"), "a reason is required")
	require.Contains(t, r.refused(t, exitUsage, "model", "rollback", "default:abc", "--reason", "x"), "names a version")
	require.Contains(t, r.refused(t, exitUsage, "model", "promote", "default", "--reason", "x"), "names no version")
	require.Contains(t, r.refused(t, exitFailure, "model", "rollback", "none", "--reason", "x"), "no such model: none")
	require.Contains(t, r.refused(t, exitFailure, "model", "promote", "none:abc", "--reason", "x"), "no such model: none")
	require.Contains(t, r.refused(t, exitFailure, "model", "show", "none:abc"), "no such model: none")
	require.Contains(t, r.refused(t, exitFailure, "model", "package"), "no such model: default")
	require.Contains(t, r.refused(t, exitFailure, "lineage", "none"), "no such model: none")
	require.Contains(t, r.refused(t, exitUsage, "model", "package", "--quantization", "q9"), "q8_0")
	require.Contains(t, r.refused(t, exitUsage, "train", "cancel", ""), "empty")
}

func TestWatchDrawsWhatIsGoingOn(t *testing.T) {
	t.Parallel()
	loss := 0.25
	line := progressLine(&event.TrainingProgressed{Step: 15, TotalSteps: 30, Loss: 1.25, EvalLoss: &loss, TokensPerSecond: 812.4, VramBytes: 3 << 30, EtaSeconds: 90})
	require.Equal(t, "[###############               ] 15/30  loss 1.25  held out 0.25  812 tokens/s  3.0 GiB  ETA 1m30s", line)
}

func TestEstimateTellsWhatEachMethodNeeds(t *testing.T) {
	t.Parallel()
	r, base := trainRig(t)
	require.Contains(t, r.refused(t, exitUsage, "train", "estimate"), "RAGLINE_TRAINER_BASE_MODEL")
	require.Contains(t, r.refused(t, exitUsage, "train", "estimate", "--base", base, "--method", "full"), "lora, qlora, dora and qdora")
	out := r.do(t, "train", "estimate", "--base", base)
	for _, want := range []string{"tiny", "dora", "qlora", "make trainer-env"} {
		require.Contains(t, out, want)
	}
	f := read[trainer.Forecast](t, r.do(t, "train", "estimate", "--base", base, "--json"))
	require.Len(t, f.Estimates, 4)
	require.Contains(t, r.refused(t, exitFailure, "train", "estimate", "--base", t.TempDir()), "base_model_missing")
}
