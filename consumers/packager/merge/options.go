package merge

import (
	"errors"
	"fmt"
)

// Base says which weights the adapter is added to.
type Base string

const (
	// Original is the base as it was published.
	Original Base = "original"
	// NF4RoundTrip quantizes each adapted weight to NF4 and back first: what a QLoRA adapter was trained against.
	NF4RoundTrip Base = "nf4-roundtrip"
)

// Options of a merge.
type Options struct {
	Base    string // folder of the base: config.json, safetensors (one file or shards), tokenizer
	Adapter string // folder of the adapter: adapter_config.json, adapter_model.safetensors
	Out     string // folder to write; it appears complete, and replaces one that is there
	// From defaults to Original.
	From Base
	// Workers that compute rows. Defaults to the number of cores.
	Workers int
	// ShardBytes splits the output. Defaults to 4 GB.
	ShardBytes int64
	// Progress is called with the bytes that are done, from the goroutine of Merge. May be nil.
	Progress func(done, total int64)
}

// Result says what was merged.
type Result struct {
	Method     string // lora or dora
	From       Base
	Rank       int     // where no pattern says otherwise
	Alpha      float64 // where no pattern says otherwise
	Scale      float64 // of that rank and alpha
	RSLoRA     bool
	Tensors    int // in the output
	Adapted    int // of them changed by the adapter
	Parameters int64
	Bytes      int64 // of all tensors in the output
	Shards     int
}

// ErrNotFinite is a weight that is not a number or is infinite, in the base, the adapter, or after merging.
var ErrNotFinite = errors.New("weight is not finite")

// RefusedError is an adapter or a base that cannot be merged soundly. Trying again does not help.
type RefusedError struct {
	What string // the key, tensor or file
	Why  string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("refusing to merge %s: %s", e.What, e.Why) }
