package gguf

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// vocabulary checks tokens, their ids, and the template.
func (v *verifier) vocabulary() {
	tokens, _ := v.Value("tokenizer.ggml.tokens").([]string)
	kind, _ := v.Value("tokenizer.ggml.model").(string)
	merges, _ := v.Value("tokenizer.ggml.merges").([]string)
	if kind == "" || len(tokens) == 0 || (kind == "gpt2" && len(merges) == 0) {
		v.problem("tokenizer %q with %d tokens and %d merges", kind, len(tokens), len(merges))
	}
	v.report.Vocabulary = len(tokens)
	for _, name := range []string{"token_embd.weight", "output.weight"} {
		t, ok := v.Tensor(name)
		if !ok && name == "output.weight" && v.model.Tied {
			continue
		}
		if !ok || len(t.Dims) != 2 || t.Dims[1] != uint64(len(tokens)) {
			v.problem("%s has dimensions %v for %d tokens", name, t.Dims, len(tokens))
		}
	}
	for _, a := range v.model.added {
		if a.ID >= len(tokens) || tokens[a.ID] != a.Content {
			v.problem("token %d is not %q", a.ID, a.Content)
		}
	}
	v.report.EOS, v.report.EOT = v.special("eos", len(tokens)), v.special("eot", len(tokens))
	if ends := v.model.eos(); v.report.EOS < 0 || (len(ends) > 0 && !slices.Contains(ends, v.report.EOS) && !slices.Contains(ends, v.report.EOT)) {
		v.problem("the answer ends by token %d or %d, the merged model's config says %v", v.report.EOS, v.report.EOT, ends)
	}
	if template, _ := v.Value("tokenizer.chat_template").(string); template == "" || (v.model.template != "" && template != v.model.template) {
		v.problem("the chat template is not that of the merged model (%d bytes, %d)", len(template), len(v.model.template))
	}
}

// special returns the id of a token, -1 when there is none.
func (v *verifier) special(name string, vocabulary int) int64 {
	key := "tokenizer.ggml." + name + "_token_id"
	id, ok := v.Integer(key)
	if !ok {
		return -1
	}
	if id < 0 || id >= int64(vocabulary) {
		v.problem("%s is %d of %d tokens", key, id, vocabulary)
	}
	return id
}

// finite looks for weights that are not numbers: at each element, or at the scales of each block.
func (v *verifier) finite(ctx context.Context) error {
	for _, t := range v.Tensors {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.scan(t); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) scan(t Tensor) error {
	l, _ := t.Type.layout()
	r := bufio.NewReaderSize(v.Data(t), 1<<20)
	blocks := make([]byte, l.bytes*4096)
	for at := uint64(0); at < t.bytes; {
		n, err := io.ReadFull(r, blocks[:min(uint64(len(blocks)), t.bytes-at)])
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("reading tensor %s: %w", t.Name, err)
		}
		if !sound(blocks[:n], t.Type, l) {
			v.problem("tensor %s has weights that are not finite", t.Name)
			return nil
		}
		at += uint64(n)
	}
	return nil
}

func sound(raw []byte, t Type, l layout) bool {
	step, exponent := int(l.bytes), byte(0x7c) // of half precision
	scales := l.scales
	switch t {
	case F32:
		for i := 3; i < len(raw); i += 4 {
			if raw[i]&0x7f == 0x7f && raw[i-1]&0x80 != 0 {
				return false
			}
		}
		return true
	case BF16:
		for i := 1; i < len(raw); i += 2 {
			if raw[i]&0x7f == 0x7f && raw[i-1]&0x80 != 0 {
				return false
			}
		}
		return true
	case F16:
		scales = []int{0}
	}
	for i := 0; i < len(raw); i += step {
		for _, at := range scales {
			if raw[i+at+1]&exponent == exponent {
				return false
			}
		}
	}
	return true
}
