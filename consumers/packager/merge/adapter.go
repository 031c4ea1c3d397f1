package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// update is what an adapter does to one tensor of the base.
type update struct {
	a, b, magnitude *safetensors.Tensor
	embedding       bool // a is [rank, rows] and b is [columns, rank]: the transpose of a linear layer's
	replace         *safetensors.Tensor
	rank            int
	scale           float64
}

// prefix that PEFT puts before the module's name in the base.
const prefix = "base_model.model."

// roles of an adapter's tensors by the end of their names. PEFT writes the magnitude without ".weight".
var roles = []string{".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector", ".lora_magnitude_vector.weight", ".lora_embedding_A", ".lora_embedding_B"}

// readUpdates pairs the adapter's tensors and checks each against the base: by name, shape and rank.
func readUpdates(c adapterConfig, adapter, base *safetensors.Set, tied bool) (map[string]*update, error) {
	updates := map[string]*update{}
	for _, t := range adapter.Tensors() {
		if err := sort(updates, c, t); err != nil {
			return nil, err
		}
	}
	if len(updates) == 0 {
		return nil, &RefusedError{"adapter", "it has no tensors"}
	}
	for name, u := range updates {
		t, ok := base.Tensor(name)
		if !ok {
			return nil, &RefusedError{name, "the adapter changes it, the base has no such tensor"}
		}
		if shared(name) && tied {
			return nil, &RefusedError{name, "input embedding and output head are one tensor in this base, the adapter was trained for one of them"}
		}
		if err := u.check(c, name, t); err != nil {
			return nil, err
		}
	}
	return updates, nil
}

// shared says whether a tied model uses the tensor twice.
func shared(name string) bool {
	return strings.HasSuffix(name, "embed_tokens.weight") || strings.HasSuffix(name, "lm_head.weight")
}

// sort finds the place of one tensor. What has no place is refused.
func sort(updates map[string]*update, c adapterConfig, t safetensors.Tensor) error {
	name, ok := strings.CutPrefix(t.Name, prefix)
	if !ok {
		return &RefusedError{t.Name, "its name does not begin with " + prefix}
	}
	of := func(module string) *update {
		if updates[module+".weight"] == nil {
			updates[module+".weight"] = &update{}
		}
		return updates[module+".weight"]
	}
	for i, role := range roles {
		module, ok := strings.CutSuffix(name, role)
		if !ok {
			continue
		}
		u := of(module)
		slot := []**safetensors.Tensor{&u.a, &u.b, &u.magnitude, &u.magnitude, &u.a, &u.b}[i]
		if *slot != nil {
			return &RefusedError{t.Name, "the adapter has it twice"}
		}
		*slot, u.embedding = &t, u.embedding || i >= 4
		return nil
	}
	module, ok := strings.CutSuffix(name, ".weight")
	if ok && slices.ContainsFunc(c.ModulesToSave, func(saved string) bool {
		return module == saved || strings.HasSuffix(module, "."+saved)
	}) {
		of(module).replace = &t
		return nil
	}
	return &RefusedError{t.Name, "a tensor of unknown meaning"}
}

// check compares an update with the tensor that it changes.
func (u *update) check(c adapterConfig, name string, t safetensors.Tensor) error {
	refuse := func(why string, args ...any) error { return &RefusedError{name, fmt.Sprintf(why, args...)} }
	if u.replace != nil {
		if u.a != nil || u.b != nil || u.magnitude != nil || !slices.Equal(u.replace.Shape, t.Shape) {
			return refuse("saved as a module with shape %v, base %v, and adapted too or of another shape", u.replace.Shape, t.Shape)
		}
		return nil
	}
	if u.a == nil || u.b == nil || len(t.Shape) != 2 {
		return refuse("an update needs lora_A, lora_B and a matrix to change")
	}
	if (u.magnitude != nil) != c.DoRA || (c.DoRA && u.embedding) {
		return refuse("use_dora is %t, magnitude vector there: %t, embedding: %t", c.DoRA, u.magnitude != nil, u.embedding)
	}
	var err error
	if u.rank, u.scale, err = c.scale(strings.TrimSuffix(name, ".weight")); err != nil {
		return err
	}
	rows, columns, rank := t.Shape[0], t.Shape[1], int64(u.rank)
	a, b := []int64{rank, columns}, []int64{rows, rank}
	if u.embedding {
		a, b = []int64{rank, rows}, []int64{columns, rank}
	}
	if !slices.Equal(u.a.Shape, a) || !slices.Equal(u.b.Shape, b) {
		return refuse("A is %v and B is %v, where rank %d and the base need %v and %v", u.a.Shape, u.b.Shape, rank, a, b)
	}
	if u.magnitude != nil && u.magnitude.Elements() != rows {
		return refuse("magnitude has %d elements for %d rows", u.magnitude.Elements(), rows)
	}
	return nil
}
