package trainer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/ragline/ragline/consumers/internal/file"
)

// Base is what the estimate needs of a base model.
type Base struct {
	// Linear counts the weights of the layers' matrices, which 4-bit loading quantizes and adapters are put on.
	// Other counts embeddings, lm_head and norms.
	Linear, Other int64
	// AdapterWeights is the sum of inputs and outputs of those matrices: weights of an adapter of rank 1.
	AdapterWeights         int64
	Hidden, FeedForward    int64
	Layers, Vocabulary     int64
	Quantized              bool
	largestMatrix, outputs int64
}

type baseConfig struct {
	Hidden       int64           `json:"hidden_size"`
	FeedForward  int64           `json:"intermediate_size"`
	Layers       int64           `json:"num_hidden_layers"`
	Vocabulary   int64           `json:"vocab_size"`
	Quantization json.RawMessage `json:"quantization_config"`
}

// maxHeader bounds the header of a safetensors file; that of a model of 1000 tensors has 100 kB.
const maxHeader = 100 << 20

// ReadBase reads the config and the headers of the weights, not the weights.
func ReadBase(dir string) (Base, error) {
	var c baseConfig
	if err := file.ReadJSON(filepath.Join(dir, "config.json"), &c); err != nil {
		return Base{}, fail(ReasonBaseMissing, "%v: RAGLINE_TRAINER_BASE_MODEL must be the folder of a model in Hugging Face's layout", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil || len(files) == 0 {
		return Base{}, fail(ReasonBaseMissing, "%s holds no *.safetensors: download the weights of the base model into it", dir)
	}
	b := Base{Hidden: c.Hidden, FeedForward: c.FeedForward, Layers: c.Layers, Vocabulary: c.Vocabulary, Quantized: len(c.Quantization) > 0}
	for _, file := range files {
		if err := b.count(file); err != nil {
			return Base{}, fail(ReasonBaseMissing, "%v: download the file again", err)
		}
	}
	return b, nil
}

func (b *Base) count(path string) error {
	raw, err := header(path)
	if err != nil {
		return err
	}
	var tensors map[string]struct {
		Shape []int64 `json:"shape"`
	}
	if err := json.Unmarshal(raw, &tensors); err != nil {
		return fmt.Errorf("decoding header of %s: %w", path, err)
	}
	for name, t := range tensors {
		if name == "__metadata__" {
			continue
		}
		weights := int64(1)
		for _, n := range t.Shape {
			weights *= n
		}
		if len(t.Shape) == 2 && strings.Contains(name, ".layers.") {
			b.Linear += weights
			b.AdapterWeights += t.Shape[0] + t.Shape[1]
			b.outputs += t.Shape[0]
			b.largestMatrix = max(b.largestMatrix, weights)
		} else {
			b.Other += weights
		}
	}
	return nil
}

// header of a safetensors file: its length as 8 bytes, then JSON.
func header(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening weights: %w", err)
	}
	defer f.Close()
	var length uint64
	if err := binary.Read(f, binary.LittleEndian, &length); err != nil {
		return nil, fmt.Errorf("reading length of the header of %s: %w", path, err)
	}
	if length > maxHeader {
		return nil, fmt.Errorf("reading header of %s: it says that it has %d bytes", path, length)
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(f, raw); err != nil {
		return nil, fmt.Errorf("reading header of %s: %w", path, err)
	}
	return raw, nil
}

// fingerprint stands for the revision of a base without one. It is cheap: weights of one size and layout with other
// numbers have the same, so whoever trains further on a base must name its revision.
func fingerprint(dir string) string {
	h := sha256.New()
	files, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil {
		return ""
	}
	sort.Strings(files)
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return ""
	}
	h.Write(config)
	for _, file := range files {
		raw, err := header(file)
		if err != nil {
			return ""
		}
		fmt.Fprintf(h, "%s %d ", filepath.Base(file), len(raw))
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
