package trainer

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ragline/ragline/consumers/internal/file"
)

// behaviour of the stand-in, which speaks the worker's contract and trains nothing.
type behaviour struct {
	Steps int64 `json:"steps"`
	// Hold are steps at which it waits for a signal, the first time that it comes there. 0 is before the first step,
	// holdSaved after the adapter is in place.
	Hold []int64 `json:"hold"`
	// Stubborn are holds at which it ignores SIGTERM.
	Stubborn []int64 `json:"stubborn"`
	Fail     *line   `json:"fail"`
	Exit     int     `json:"exit"`
	VRAM     int64   `json:"vram"`
}

const holdSaved = 1000

type actor struct {
	behaviour

	job  Job
	out  *os.File
	term chan os.Signal
}

func standIn(config string) int {
	if config == "--probe" {
		fmt.Println(`{"event":"probe","device":"cpu","device_name":"cpu","vram_bytes":0}`)
		return 0
	}
	a := actor{out: os.NewFile(3, "lines"), term: make(chan os.Signal, 1)}
	signal.Notify(a.term, syscall.SIGTERM)
	if file.ReadJSON(config, &a.job) != nil || file.ReadJSON(filepath.Join(a.job.BasePath, "behaviour.json"), &a.behaviour) != nil {
		return 2
	}
	only, err := os.OpenFile(a.job.path("only"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 2
	}
	if unix.Flock(int(only.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = os.WriteFile(a.job.path("conflict"), nil, 0o600)
	}
	return a.play()
}

func (a *actor) say(values map[string]any) {
	raw, _ := json.Marshal(values)
	fmt.Fprintf(a.out, "%s\n", raw)
}

func (a *actor) play() int {
	if a.Fail != nil {
		a.say(map[string]any{"event": "failed", "reason": a.Fail.Reason, "message": a.Fail.Message})
		return 1
	}
	if a.Exit != 0 {
		return a.Exit
	}
	a.hold(0, 0)
	for step := a.job.checkpoint() + 1; step <= a.Steps; step++ {
		a.say(map[string]any{"event": "step", "step": step, "total_steps": a.Steps, "loss": 1 / float64(step), "lr": 0.1, "tok_s": 100, "eta_s": a.Steps - step})
		a.hold(step, step)
		if step%2 == 0 {
			a.save(step)
		}
	}
	a.say(map[string]any{"event": "eval", "step": a.Steps, "eval_loss": 0.5})
	adapter := a.job.path("adapter")
	_ = os.MkdirAll(adapter, 0o755)
	_ = os.WriteFile(filepath.Join(adapter, "adapter_model.safetensors"), []byte("weights"), 0o600)
	_ = os.WriteFile(filepath.Join(adapter, "training.json"), []byte(`{"result":{"train_loss":0.25,"eval_loss":0.5,"tokens":42}}`), 0o600)
	a.hold(holdSaved, a.Steps)
	a.say(map[string]any{"event": "saved"})
	return 0
}

// hold waits for a signal at a place where it has not waited before. Asked to end it saves, as the contract says.
func (a *actor) hold(at, step int64) {
	marker := a.job.path(fmt.Sprintf("held-%d", at))
	if _, err := os.Stat(marker); err == nil || !slices.Contains(a.Hold, at) {
		return
	}
	if slices.Contains(a.Stubborn, at) {
		signal.Ignore(syscall.SIGTERM)
	}
	_ = writeJSON(marker, os.Getpid())
	<-a.term
	a.save(step)
	os.Exit(75)
}

func (a *actor) save(step int64) {
	if step == 0 {
		return
	}
	dir := a.job.path(fmt.Sprintf("checkpoints/checkpoint-%d", step))
	_ = os.MkdirAll(dir, 0o755)
	_ = os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600)
	a.say(map[string]any{"event": "checkpoint", "step": step})
}

// writeBase makes a base model whose weights are headers only.
func writeBase(t *testing.T, dir string, shapes map[string][]int64, config string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	tensors := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	for name, shape := range shapes {
		tensors[name] = map[string]any{"dtype": "BF16", "shape": shape, "data_offsets": []int64{0, 0}}
	}
	raw, err := json.Marshal(tensors)
	require.NoError(t, err)
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(raw))), raw...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "model.safetensors"), file, 0o600))
}
