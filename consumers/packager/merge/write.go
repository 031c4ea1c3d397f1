package merge

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// blockElements bounds what one worker holds: 4 bytes of each element in float32, and its stored form and bf16.
const blockElements = 1 << 20

// plan splits the tensors, in the order of their names, into shards of at most limit bytes.
func plan(base *safetensors.Set, limit int64) [][]safetensors.Tensor {
	var shards [][]safetensors.Tensor
	var used int64
	for _, t := range base.Tensors() {
		if size := info(t).Bytes(); len(shards) == 0 || used+size > limit {
			shards, used = append(shards, nil), 0
		}
		used += info(t).Bytes()
		shards[len(shards)-1] = append(shards[len(shards)-1], t)
	}
	return shards
}

// info of the merged tensor: bf16, unless it is no float.
func info(t safetensors.Tensor) safetensors.Info {
	i := safetensors.Info{Name: t.Name, Type: t.Type, Shape: t.Shape}
	if computed(t.Type) {
		i.Type = safetensors.BF16
	}
	return i
}

func computed(t safetensors.Type) bool {
	return t == safetensors.F64 || t == safetensors.F32 || t == safetensors.F16 || t == safetensors.BF16
}

// weights writes the shards and, when there are several, their index.
func (m *merger) weights(ctx context.Context, folder string) error {
	names := map[string]string{}
	for i, tensors := range m.shards {
		name := "model.safetensors"
		if len(m.shards) > 1 {
			name = fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(m.shards))
		}
		for _, t := range tensors {
			names[t.Name] = name
		}
		if err := m.shard(ctx, filepath.Join(folder, name), tensors); err != nil {
			return err
		}
	}
	if len(m.shards) <= 1 {
		return nil
	}
	return writeJSON(filepath.Join(folder, "model.safetensors.index.json"), map[string]any{
		"metadata": map[string]any{"total_size": m.total}, "weight_map": names,
	})
}

func (m *merger) shard(ctx context.Context, path string, tensors []safetensors.Tensor) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 1<<20)
	infos := make([]safetensors.Info, len(tensors))
	for i, t := range tensors {
		infos[i] = info(t)
	}
	w, err := safetensors.NewWriter(buffered, infos)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if err := m.tensor(ctx, w, t); err != nil {
			return fmt.Errorf("merging %s: %w", t.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// tensor computes a block of rows for each worker, then writes them in order, until the tensor is through.
func (m *merger) tensor(ctx context.Context, w io.Writer, t safetensors.Tensor) error {
	if !computed(t.Type) {
		_, err := io.Copy(w, t.Raw())
		return err
	}
	weight, err := newWeight(t, m.updates[t.Name], m.From)
	if err != nil {
		return err
	}
	total := t.Elements() / weight.columns
	step := max(1, blockElements/weight.columns)
	for first := int64(0); first < total; first += step * int64(m.Workers) {
		if err := ctx.Err(); err != nil {
			return err
		}
		blocks, err := m.blocks(weight, first, step, total)
		if err != nil {
			return err
		}
		for _, block := range blocks {
			if _, err := w.Write(block); err != nil {
				return err
			}
			m.done += int64(len(block))
		}
		if m.Progress != nil {
			m.Progress(m.done, m.total)
		}
	}
	return nil
}

func (m *merger) blocks(w *weight, first, step, total int64) ([][]byte, error) {
	blocks := make([][]byte, m.Workers)
	var g errgroup.Group
	for i := range blocks {
		from := first + int64(i)*step
		if from >= total {
			break
		}
		g.Go(func() (err error) {
			blocks[i], err = w.rows(from, min(step, total-from))
			return err
		})
	}
	return blocks, g.Wait()
}

func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}

// syncFolder syncs every file in a folder, then the folder.
func syncFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := syncPath(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return syncPath(folder)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
