package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// State of a version.
type State string

// The states. A version that was promoted and is no longer the one that answers is retired.
const (
	StateTrained  State = "trained"
	StatePackaged State = "packaged"
	StateRejected State = "rejected"
	StatePromoted State = "promoted"
	StateRetired  State = "retired"
)

// Version of a model, with all that was said about it. What was not said is nil.
type Version struct {
	Model     string                `json:"model"`
	Version   string                `json:"version"`
	State     State                 `json:"state"`
	At        time.Time             `json:"at"`
	Trained   *event.ModelTrained   `json:"trained,omitempty"`
	Packaged  *event.ModelPackaged  `json:"packaged,omitempty"`
	Evaluated *event.ModelEvaluated `json:"evaluated,omitempty"`
	Rejected  *event.ModelRejected  `json:"rejected,omitempty"`
	// Reason of the promotion or the rollback that made it answer.
	Reason string `json:"reason,omitempty"`
	// PackagedID is the id of the event that registered the package: what follows from it derives its ids from it.
	PackagedID string `json:"-"`
}

// ServedName is the name in Ollama. Empty: it is not served.
func (v *Version) ServedName() string { return v.Packaged.GetServedName() }

// Promotable says whether a server has the version, and asks it with the prompts that it was trained on.
func (v *Version) Promotable() bool {
	return v != nil && v.Packaged.GetServedName() != "" && v.Packaged.GetParityPrompts() > 0
}

// Series is the versions of one model.
type Series struct {
	Model string
	// Versions are in the order in which they were first named.
	Versions []*Version
	// Promoted is the version that answers. Nil: none does.
	Promoted *Version
	// history are the versions that answered, the newest last; a rollback takes the newest away.
	history []*Version
}

// Sentinels of this package.
var (
	ErrUnknown = errors.New("no such model")
	ErrNoneYet = errors.New("no version answers yet: name one as MODEL:VERSION")
)

// Find returns the version of a name like MODEL:VERSION, whose end may be left out, or of MODEL the one that answers.
func (r *Registry) Find(name string) (*Version, error) {
	model, version, named := strings.Cut(name, ":")
	s := r.series[model]
	if s == nil || len(s.Versions) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, model)
	}
	if !named {
		if s.Promoted == nil {
			return nil, fmt.Errorf("%s: %w", model, ErrNoneYet)
		}
		return s.Promoted, nil
	}
	return s.Match(version)
}

// Match returns the one version that begins like this.
func (s *Series) Match(beginning string) (*Version, error) {
	var found []*Version
	for _, v := range s.Versions {
		if v.Version == beginning {
			return v, nil
		}
		if beginning != "" && strings.HasPrefix(v.Version, beginning) {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%w: %s:%s (%d versions begin like this)", ErrUnknown, s.Model, beginning, len(found))
	}
	return found[0], nil
}

// Find returns a version, or nil.
func (s *Series) Find(version string) *Version {
	for _, v := range s.Versions {
		if v.Version == version {
			return v
		}
	}
	return nil
}

// Before returns the version that answered before the one that does, or nil.
func (s *Series) Before() *Version {
	if len(s.history) < 2 {
		return nil
	}
	return s.history[len(s.history)-2]
}

// Registry is the fold.
type Registry struct {
	series map[string]*Series
	seen   map[string]struct{}
}

// New returns a registry that knows of no model.
func New() *Registry { return &Registry{series: map[string]*Series{}, seen: map[string]struct{}{}} }

// Series returns the series of a name. One that was never named is empty.
func (r *Registry) Series(model string) *Series {
	s := r.series[model]
	if s == nil {
		s = &Series{Model: model}
		r.series[model] = s
	}
	return s
}

// All returns the series in the order of their names.
func (r *Registry) All() []*Series {
	var all []*Series
	for _, s := range r.series {
		if len(s.Versions) > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *Series) int {
		if a.Model < b.Model {
			return -1
		}
		return 1
	})
	return all
}

// Take takes the next event of the models topic. Repeats and other events change nothing.
func (r *Registry) Take(e event.Event) {
	m, ok := e.Data.(interface {
		GetModel() string
		GetVersion() string
	})
	if _, repeated := r.seen[e.ID]; repeated || !ok || m.GetVersion() == "" {
		return
	}
	r.seen[e.ID] = struct{}{}
	s := r.Series(m.GetModel())
	v := s.Find(m.GetVersion())
	if v == nil {
		v = &Version{Model: m.GetModel(), Version: m.GetVersion()}
		s.Versions = append(s.Versions, v)
	}
	v.At = e.Time
	switch d := e.Data.(type) {
	case *event.ModelTrained:
		v.Trained = d
		v.state(StateTrained)
	case *event.ModelPackaged:
		v.Packaged, v.PackagedID = d, e.ID
		v.state(StatePackaged)
	case *event.ModelEvaluated:
		v.Evaluated = d
	case *event.ModelRejected:
		v.Rejected = d
		v.state(StateRejected)
	case *event.ModelPromoted:
		v.Reason = d.GetReason()
		s.promote(v)
	case *event.ModelRolledBack:
		v.Reason = d.GetReason()
		s.rollBack(v)
	}
}

// state moves a version, unless it answers: what is said late about it does not take it away.
func (v *Version) state(s State) {
	if v.State != StatePromoted {
		v.State = s
	}
}

func (s *Series) promote(v *Version) {
	if s.Promoted == v {
		return
	}
	s.history = append(s.history, v)
	s.answer(v)
}

// rollBack cuts the history at the version that answers again.
func (s *Series) rollBack(v *Version) {
	at := -1
	for i, h := range s.history {
		if h == v {
			at = i
		}
	}
	if at < 0 { // a version that never answered: as good as a promotion
		s.promote(v)
		return
	}
	s.history = s.history[:at+1]
	s.answer(v)
}

func (s *Series) answer(v *Version) {
	if s.Promoted != nil && s.Promoted != v {
		s.Promoted.State = StateRetired
	}
	s.Promoted, v.State = v, StatePromoted
}
