package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

var (
	// ErrConcurrentWrite means that a super-step wrote a last-value key twice, or overwrote a key twice.
	ErrConcurrentWrite = errors.New("key was written twice in one super-step")
	// ErrState means that a thread's state and a write do not fit together. It is no failure of the store: trying again
	// gives the same.
	ErrState = errors.New("state cannot be built")
	// ErrStateSize is an ErrState: the state is larger than the engine takes.
	ErrStateSize = fmt.Errorf("%w: too large", ErrState)
	// ErrInput means that there is nothing to begin with: a thread without checkpoints to go on with, an edit without updates.
	ErrInput = errors.New("nothing to begin with")
	// ErrRecursion means that a run took more super-steps than it may.
	ErrRecursion = errors.New("recursion limit reached")
	// ErrTimeout means that a node took longer than its policy allows.
	ErrTimeout = errors.New("node timed out")
	// ErrDrained means that a run stopped after a super-step because it was asked to. Running it again continues there.
	ErrDrained = errors.New("drained")
	// ErrVersion means that a run was begun on a version of the graph that this engine does not have.
	ErrVersion = errors.New("graph has another version")
	// ErrAmbiguous means that an edit has to say as which node it is made.
	ErrAmbiguous = errors.New("ambiguous update: say as which node")
	// ErrUnknownKey means that a write names no key of the graph.
	ErrUnknownKey = errors.New("unknown key")
	// ErrUnknownNode means that a run is to go to a node the graph does not have.
	ErrUnknownNode = errors.New("unknown node")
)

// State is the value of every key that was written, as JSON. Treat it as read-only.
type State map[string]json.RawMessage

// Key is one key of the state and how its writes are reduced.
type Key interface {
	Name() string
	// check says whether JSON from outside can be a write.
	check(value json.RawMessage) error
	reduce(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error)
}

// Value is a key that holds the last value. Two writes in one super-step are an error.
type Value[T any] string

// Name returns the key's name.
func (k Value[T]) Name() string { return string(k) }

// Get returns the value, or the zero value when the key was never written.
func (k Value[T]) Get(s State) (T, error) { return get[T](string(k), s) }

// Set returns a write of v.
func (k Value[T]) Set(v T) (checkpoint.Write, error) { return write(string(k), v, false) }

func (k Value[T]) check(v json.RawMessage) error { return decodes[T](v) }

func (k Value[T]) reduce(_ json.RawMessage, writes []json.RawMessage) (json.RawMessage, error) {
	if len(writes) > 1 {
		return nil, fmt.Errorf("reducing %s: %w", string(k), ErrConcurrentWrite)
	}
	return writes[0], nil
}

// List is a key that appends.
type List[T any] string

// Name returns the key's name.
func (k List[T]) Name() string { return string(k) }

// Get returns the list.
func (k List[T]) Get(s State) ([]T, error) { return get[[]T](string(k), s) }

// Add returns a write that appends items.
func (k List[T]) Add(items ...T) (checkpoint.Write, error) { return write(string(k), items, false) }

// Replace returns a write of the whole list.
func (k List[T]) Replace(items ...T) (checkpoint.Write, error) {
	if items == nil {
		items = []T{}
	}
	return write(string(k), items, true)
}

func (k List[T]) check(v json.RawMessage) error { return decodes[[]T](v) }

// reduce joins the arrays as bytes: appending must not cost decoding what is there.
func (k List[T]) reduce(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error) {
	var parts [][]byte
	for _, w := range append([]json.RawMessage{old}, writes...) {
		w = bytes.TrimSpace(w)
		if len(w) == 0 || string(w) == "null" {
			continue
		}
		if w[0] != '[' || w[len(w)-1] != ']' {
			return nil, fmt.Errorf("reducing %s: %q is no list", string(k), w)
		}
		if inner := bytes.TrimSpace(w[1 : len(w)-1]); len(inner) > 0 {
			parts = append(parts, inner)
		}
	}
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']'), nil
}

// Reduced is a key with a reducer of its own. Reduce must be pure: it runs again when a state is loaded.
type Reduced[T any] struct {
	Key    string
	Reduce func(old, update T) (T, error)
}

// Name returns the key's name.
func (k Reduced[T]) Name() string { return k.Key }

// Get returns the value.
func (k Reduced[T]) Get(s State) (T, error) { return get[T](k.Key, s) }

// Update returns a write that is reduced into the value.
func (k Reduced[T]) Update(v T) (checkpoint.Write, error) { return write(k.Key, v, false) }

// Overwrite returns a write that takes the value's place. Two in one super-step are an error.
func (k Reduced[T]) Overwrite(v T) (checkpoint.Write, error) { return write(k.Key, v, true) }

func (k Reduced[T]) check(v json.RawMessage) error { return decodes[T](v) }

func (k Reduced[T]) reduce(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error) {
	value, err := get[T](k.Key, State{k.Key: old})
	if err != nil {
		return nil, err
	}
	for _, w := range writes {
		var update T
		if err := json.Unmarshal(w, &update); err != nil {
			return nil, fmt.Errorf("reading a write of %s: %w", k.Key, err)
		}
		if value, err = k.Reduce(value, update); err != nil {
			return nil, fmt.Errorf("reducing %s: %w", k.Key, err)
		}
	}
	return json.Marshal(value)
}

// Merged is a key whose reducer works on JSON, for large values that most writes leave as they are.
// Merge must be pure, and must not change old, which may be empty.
type Merged[T any] struct {
	Key   string
	Merge func(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error)
}

// Name returns the key's name.
func (k Merged[T]) Name() string { return k.Key }

// Get returns the value.
func (k Merged[T]) Get(s State) (T, error) { return get[T](k.Key, s) }

// Update returns a write that is merged into the value.
func (k Merged[T]) Update(v any) (checkpoint.Write, error) { return write(k.Key, v, false) }

// Overwrite returns a write that takes the value's place. Two in one super-step are an error.
func (k Merged[T]) Overwrite(v T) (checkpoint.Write, error) { return write(k.Key, v, true) }

// check leaves it to Merge, which may take other forms than T, and depends on what is there.
func (k Merged[T]) check(v json.RawMessage) error { return decodes[any](v) }

func (k Merged[T]) reduce(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error) {
	v, err := k.Merge(old, writes)
	if err != nil {
		return nil, fmt.Errorf("reducing %s: %w", k.Key, err)
	}
	return v, nil
}

func decodes[T any](v json.RawMessage) error {
	var into T
	return json.Unmarshal(v, &into)
}

func get[T any](name string, s State) (T, error) {
	var v T
	raw := s[name]
	if len(raw) == 0 {
		return v, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, fmt.Errorf("reading key %s: %w", name, err)
	}
	return v, nil
}

func write(name string, v any, overwrite bool) (checkpoint.Write, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return checkpoint.Write{}, fmt.Errorf("writing key %s: %w", name, err)
	}
	return checkpoint.Write{Key: name, Value: raw, Overwrite: overwrite}, nil
}
