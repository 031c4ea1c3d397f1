package merge

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// Merge writes base plus adapter to a folder.
func Merge(ctx context.Context, opts Options) (Result, error) {
	opts.Workers = cmp.Or(opts.Workers, runtime.GOMAXPROCS(0))
	opts.ShardBytes = cmp.Or(opts.ShardBytes, 4_000_000_000)
	opts.From = cmp.Or(opts.From, Original)
	if opts.From != Original && opts.From != NF4RoundTrip {
		return Result{}, &RefusedError{"merge base " + string(opts.From), "it is neither original nor nf4-roundtrip"}
	}
	config, err := readAdapterConfig(opts.Adapter)
	if err != nil {
		return Result{}, err
	}
	model, err := readModelConfig(opts.Base)
	if err != nil {
		return Result{}, err
	}
	base, err := safetensors.Open(opts.Base)
	if err != nil {
		return Result{}, fmt.Errorf("opening the base: %w", err)
	}
	defer base.Close()
	adapter, err := safetensors.Open(filepath.Join(opts.Adapter, "adapter_model.safetensors"))
	if err != nil {
		return Result{}, fmt.Errorf("opening the adapter: %w", err)
	}
	defer adapter.Close()
	updates, err := readUpdates(config, adapter, base, model.tied())
	if err != nil {
		return Result{}, err
	}
	m := &merger{Options: opts, updates: updates, shards: plan(base, opts.ShardBytes)}
	return m.result(config, base), m.folder(ctx, model)
}

// merger is one merge.
type merger struct {
	Options
	updates     map[string]*update
	shards      [][]safetensors.Tensor
	done, total int64
}

func (m *merger) result(c adapterConfig, base *safetensors.Set) Result {
	r := Result{
		Method: "lora", From: m.From, Rank: c.Rank, Alpha: c.Alpha, Scale: c.scaleOf(c.Rank, c.Alpha), RSLoRA: c.RSLoRA,
		Adapted: len(m.updates), Shards: len(m.shards),
	}
	if c.DoRA {
		r.Method = "dora"
	}
	for _, t := range base.Tensors() {
		r.Tensors++
		r.Parameters += t.Elements()
		r.Bytes += info(t).Bytes()
	}
	m.total = r.Bytes
	return r
}

// folder writes everything beside the output and renames it last.
func (m *merger) folder(ctx context.Context, model modelConfig) (err error) {
	parent := filepath.Dir(filepath.Clean(m.Out))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	work := filepath.Clean(m.Out) + ".tmp"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(work)
		}
	}()
	if err := m.weights(ctx, work); err != nil {
		return err
	}
	if err := copyFiles(m.Base, m.Adapter, work, model); err != nil {
		return err
	}
	if err := syncFolder(work); err != nil {
		return err
	}
	// A folder cannot be renamed over one that is not empty.
	if err := os.RemoveAll(m.Out); err != nil {
		return err
	}
	if err := os.Rename(work, m.Out); err != nil {
		return err
	}
	return syncPath(parent)
}
