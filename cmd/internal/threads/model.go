package threads

import (
	"bytes"
	"encoding/json"
	"time"
)

// Thread is a conversation. It is printed as JSON as the server sent it.
type Thread struct {
	ID         string                     `json:"thread_id"`
	CreatedAt  time.Time                  `json:"created_at"`
	UpdatedAt  time.Time                  `json:"updated_at"`
	Status     string                     `json:"status"`
	Metadata   map[string]json.RawMessage `json:"metadata"`
	Values     map[string]json.RawMessage `json:"values"`
	Interrupts map[string][]Interrupt     `json:"interrupts"`

	raw json.RawMessage
}

// UnmarshalJSON keeps what came.
func (t *Thread) UnmarshalJSON(data []byte) error {
	type plain Thread
	t.raw = bytes.Clone(data)
	return json.Unmarshal(data, (*plain)(t))
}

// MarshalJSON returns what came.
func (t Thread) MarshalJSON() ([]byte, error) { return t.raw, nil }

// Interrupt is a question that waits for an answer.
type Interrupt struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// State is a thread at a checkpoint. It is printed as JSON as the server sent it.
type State struct {
	Values     map[string]json.RawMessage `json:"values"`
	Next       []string                   `json:"next"`
	Tasks      []Task                     `json:"tasks"`
	Metadata   Metadata                   `json:"metadata"`
	CreatedAt  *time.Time                 `json:"created_at"`
	Checkpoint *Address                   `json:"checkpoint"`
	Parent     *Address                   `json:"parent_checkpoint"`

	raw json.RawMessage
}

// UnmarshalJSON keeps what came.
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State
	s.raw = bytes.Clone(data)
	return json.Unmarshal(data, (*plain)(s))
}

// MarshalJSON returns what came.
func (s State) MarshalJSON() ([]byte, error) { return s.raw, nil }

// ID is the checkpoint's, or "" on a thread that has none yet.
func (s State) ID() string { return s.Checkpoint.id() }

// ParentID is that of the checkpoint before, or "" where there is none.
func (s State) ParentID() string { return s.Parent.id() }

// Interrupts are the questions that wait at the checkpoint.
func (s State) Interrupts() []Interrupt {
	var all []Interrupt
	for _, t := range s.Tasks {
		all = append(all, t.Interrupts...)
	}
	return all
}

// Address is where a checkpoint is found.
type Address struct {
	CheckpointID string `json:"checkpoint_id"`
}

func (a *Address) id() string {
	if a == nil {
		return ""
	}
	return a.CheckpointID
}

// Metadata says where a checkpoint comes from.
type Metadata struct {
	Source string `json:"source"`
	Step   int    `json:"step"`
	RunID  string `json:"run_id"`
}

// Task is a node of the super-step that follows a checkpoint.
type Task struct {
	ID         string                     `json:"id"`
	Name       string                     `json:"name"`
	Error      string                     `json:"error"`
	Interrupts []Interrupt                `json:"interrupts"`
	Result     map[string]json.RawMessage `json:"result"`
}
