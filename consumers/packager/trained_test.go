package packager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/internal/ollama/ollamatest"
	"github.com/ragline/ragline/schemas/event"
)

// TestWhatTheJobTrainedIsServed has the real job train a few steps, and packages what it left: both styles of prompts,
// one with a token that begins a text and one without.
func TestWhatTheJobTrainedIsServed(t *testing.T) {
	t.Parallel()
	python := trainerPython(t)
	// Both are packaged at once, in one folder: they wait for each other.
	cfg := config(t, ollamatest.Start(t))
	cfg.Quantization = "q4_k_m"
	for style, method := range map[string]string{"llama3": "qdora", "chatml": "lora"} {
		t.Run(style+" "+method, func(t *testing.T) {
			t.Parallel()
			trained := train(t, python, style, method)
			trained.Version = style + "-" + method
			packaged, err := newPackager(t, cfg, nil).Package(t.Context(), trained, Options{})
			require.NoError(t, err)
			require.EqualValues(t, 2, packaged.GetParityPrompts())
			require.Equal(t, "q4_k_m", packaged.GetQuantization())
			require.Equal(t, "ragline-default:"+trained.GetVersion(), packaged.GetServedName())
		})
	}
}

// train runs the job on a tiny base.
func train(t *testing.T, python, style, method string) *event.ModelTrained {
	t.Helper()
	dir := t.TempDir()
	base, data, out := filepath.Join(dir, "base"), filepath.Join(dir, "data"), filepath.Join(dir, "out")
	job(t, python, "ragline_trainer.tiny", base, "--style", style)
	require.NoError(t, os.Mkdir(data, 0o755))
	files := []any{}
	for split, rows := range map[string]int{"train": 8, "heldout": 2} {
		var b bytes.Buffer
		for i := range rows {
			require.NoError(t, json.NewEncoder(&b).Encode(map[string]any{"id": strconv.Itoa(i), "tier": "gold", "messages": []map[string]string{
				{"role": "system", "content": "Answer from the context."},
				{"role": "user", "content": fmt.Sprintf("Context:\n[a] Limits: \"<%d>\"\n\nQuestion: what is the limit — of valve %d?", i*10, i)},
				{"role": "assistant", "content": fmt.Sprintf("The limit is %d [a].", i*10)},
			}}))
		}
		require.NoError(t, os.WriteFile(filepath.Join(data, split+".jsonl"), b.Bytes(), 0o600))
		sum, err := file.SHA256(filepath.Join(data, split+".jsonl"))
		require.NoError(t, err)
		files = append(files, map[string]any{"path": split + ".jsonl", "format": "messages", "split": split, "sha256": sum})
	}
	putJSON(t, data, "manifest.json", map[string]any{"format": 1, "files": files})
	manifest, err := file.SHA256(filepath.Join(data, "manifest.json"))
	require.NoError(t, err)
	putJSON(t, dir, "config.json", map[string]any{
		"job_id": "j", "dataset_dir": data, "manifest_sha256": manifest, "base_path": base, "base_model": "tiny", "output_dir": out,
		"method": method, "rank": 8, "alpha": 16, "max_length": 256, "max_steps": 2, "gradient_accumulation": 1, "eval_steps": 2, "save_steps": 2,
	})
	job(t, python, "ragline_trainer", filepath.Join(dir, "config.json"), "--events-on-stdout")
	adapter := filepath.Join(out, "adapter")
	sum, err := file.SHA256(filepath.Join(adapter, weightsFile))
	require.NoError(t, err)
	return &event.ModelTrained{Model: "default", AdapterUri: "file://" + adapter, AdapterSha256: sum, Method: method}
}

func job(t *testing.T, python, module string, args ...string) {
	t.Helper()
	folder, err := filepath.Abs("../trainer/python")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-B", "-m", module}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+folder, "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", strings.Join(args, " "), out)
}
