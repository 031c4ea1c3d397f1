package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// ErrNothingDecided means that the store's Decide changed nothing: the run no longer waits, or somebody else was first.
var ErrNothingDecided = errors.New("nothing was decided: the run does not wait for this answer")

// Agent works on the runs.
type Agent interface {
	// Submit stores a run and gives it its turn. It returns the run's id, or graph errors for what the graph cannot take.
	Submit(ctx context.Context, s Submission) (string, error)
	// Decide answers questions of a run that waits and gives it its turn. ErrNothingDecided when the run does not wait; one
	// that is queued, because an edit left it nothing to do, gets its turn all the same.
	Decide(ctx context.Context, d checkpoint.Decision) error
	// Check says what is wrong with an answer to a question. Nil means that it can be used.
	Check(question, answer json.RawMessage) error
	// Cancel ends a run.
	Cancel(ctx context.Context, run checkpoint.Run) error
}

// Submission is a run to begin.
type Submission struct {
	// ThreadID is the thread's id in the store.
	ThreadID string
	// Input is what a client sent, nil to go on from where the thread, or From, stands.
	Input json.RawMessage
	Begin
	// Ready is called with the run's id before the run is stored. Its error must keep the run from being stored.
	Ready func(runID string) error
}

// Begin is how a run begins that is more than a question. It is stored with the run.
type Begin struct {
	From     string             `json:"from,omitempty"`
	Continue bool               `json:"continue,omitempty"`
	Writes   []checkpoint.Write `json:"writes,omitempty"`
	Goto     []string           `json:"goto,omitempty"`
	Before   []string           `json:"before,omitempty"`
	After    []string           `json:"after,omitempty"`
	Limit    int                `json:"limit,omitempty"`
}

// Deps is what a backend works with. All are required.
type Deps struct {
	Store  checkpoint.Store
	Engine *graph.Engine
	Agent  Agent
	// Tenant is what the ids of the threads in the store begin with.
	Tenant string
	// GraphID is the graph's name for clients.
	GraphID string
	Now     func() time.Time
}

// Backend is one graph's threads and runs.
type Backend struct {
	Deps
	hub  *hub
	gate *gate
}

var _ api.Backend = (*Backend)(nil)

// New returns a backend.
func New(d Deps) *Backend { return &Backend{Deps: d, hub: newHub(d.Now), gate: newGate()} }

// translate makes errors of the engine and the store those of the API.
func translate(err error) error {
	for is, becomes := range map[error]error{
		checkpoint.ErrNotFound: api.ErrNotFound,
		checkpoint.ErrBusy:     api.ErrBusy,
		checkpoint.ErrConflict: api.ErrBusy,
		graph.ErrState:         api.ErrInvalid,
		graph.ErrUnknownNode:   api.ErrInvalid,
		graph.ErrUnknownKey:    api.ErrInvalid,
		graph.ErrAmbiguous:     api.ErrInvalid,
		graph.ErrInput:         api.ErrInvalid,
		graph.ErrVersion:       api.ErrInvalid,
		ErrNothingDecided:      api.ErrBusy,
	} {
		if errors.Is(err, is) {
			return fmt.Errorf("%w: %w", becomes, err)
		}
	}
	return err
}
