package gguf

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Want is what a file has to agree with.
type Want struct {
	Model string // merged folder: config.json, generation_config.json, tokenizer, weights
	Type  FileType
}

// Report is what a verified file holds.
type Report struct {
	Architecture string
	FileType     FileType
	Dominant     Type           // most elements between embedding and head are of it
	ByType       map[string]int // tensors of each type
	Fallback     []string       // matrices whose rows are no multiple of the block of the type that was asked for
	Tensors      int
	Parameters   int64
	Vocabulary   int
	Context      int64
	EOS          int64 // -1 when there is none
	EOT          int64 // -1 when there is none
}

// InvalidError lists every check that failed.
type InvalidError struct {
	Path     string
	Problems []string
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s does not hold what it should: %s", e.Path, strings.Join(e.Problems, "; "))
}

// Verify reads the whole file. The error is *InvalidError for a file that can be read and is wrong.
func Verify(ctx context.Context, path string, want Want) (Report, error) {
	g, err := Open(path)
	if errors.Is(err, ErrFormat) {
		return Report{}, &InvalidError{path, []string{err.Error()}}
	}
	if err != nil {
		return Report{}, err
	}
	defer g.Close()
	model, err := readModel(want.Model)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{File: g, model: model, arch: g.Architecture()}
	v.tensors(want.Type)
	v.keys()
	v.rope()
	v.vocabulary()
	if err := v.finite(ctx); err != nil {
		return v.report, err
	}
	if len(v.problems) > 0 {
		return v.report, &InvalidError{path, v.problems}
	}
	return v.report, nil
}

// verifier collects problems.
type verifier struct {
	*File
	model    *model
	arch     string
	report   Report
	problems []string
}

func (v *verifier) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// tensors checks that all weights are there, and that they are of the type that the file claims.
func (v *verifier) tensors(want FileType) {
	main, _ := want.Main()
	block, _ := main.layout()
	v.report.ByType = map[string]int{}
	elements, scaled := map[Type]uint64{}, int64(0)
	for _, t := range v.Tensors {
		v.report.ByType[t.Type.String()]++
		v.report.Parameters += int64(t.elements)
		if t.Name == "rope_freqs.weight" {
			scaled = int64(t.elements)
		}
		if len(t.Dims) < 2 {
			continue
		}
		if t.Name != "token_embd.weight" && t.Name != "output.weight" {
			elements[t.Type] += t.elements
		}
		if t.Type != main && t.Dims[0]%block.elements != 0 {
			v.report.Fallback = append(v.report.Fallback, t.Name)
		}
	}
	for t, n := range elements {
		if most := elements[v.report.Dominant]; n > most || (n == most && t < v.report.Dominant) {
			v.report.Dominant = t
		}
	}
	v.report.Tensors = len(v.Tensors)
	v.report.Parameters -= scaled
	fileType, ok := v.Integer("general.file_type")
	v.report.FileType = FileType(fileType)
	if claimed, known := v.report.FileType.Main(); !ok || !known || v.report.FileType != want || claimed != v.report.Dominant {
		v.problem("file type %v (%d), asked for %v, most weights are %v; %d matrices have rows that are no multiple of %d",
			v.report.FileType, fileType, want, v.report.Dominant, len(v.report.Fallback), block.elements)
	}
	if p := v.report.Parameters; p != v.model.elements && (!v.model.Tied || p != v.model.elements-v.model.head) {
		v.problem("%d parameters, the merged model has %d in %d tensors", p, v.model.elements, v.model.tensors)
	}
	for i := range v.model.Layers {
		if _, ok := v.Tensor(fmt.Sprintf("blk.%d.attn_norm.weight", i)); !ok {
			v.problem("block %d is missing", i)
		}
	}
}

// keys compares the family's keys with the config.
func (v *verifier) keys() {
	v.report.Architecture = v.arch
	if v.arch == "" {
		v.problem("general.architecture is missing")
	}
	if _, ok := v.Integer("general.quantization_version"); !ok && v.report.Dominant != F16 && v.report.Dominant != BF16 && v.report.Dominant != F32 {
		v.problem("general.quantization_version is missing")
	}
	m := v.model
	for name, want := range map[string]int64{
		"context_length": m.Context, "embedding_length": m.Hidden, "block_count": m.Layers,
		"feed_forward_length": m.FeedForward, "attention.head_count": m.Heads,
	} {
		if got, ok := v.Integer(v.arch + "." + name); !ok || got != want {
			v.problem("%s.%s is %d (there: %t), config says %d", v.arch, name, got, ok, want)
		}
	}
	if kv, ok := v.Integer(v.arch + ".attention.head_count_kv"); m.KVHeads > 0 && ((ok && kv != m.KVHeads) || (!ok && m.KVHeads != m.Heads)) {
		v.problem("%s.attention.head_count_kv is %d (there: %t), config says %d", v.arch, kv, ok, m.KVHeads)
	}
	name := v.arch + ".attention.layer_norm_rms_epsilon"
	if e, ok := v.Value(name).(float64); !ok || !near(e, m.Epsilon) {
		v.problem("%s is %v, config says %v", name, v.Value(name), m.Epsilon)
	}
	v.report.Context, _ = v.Integer(v.arch + ".context_length")
}

// near allows for the precision of float32.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b)) }
