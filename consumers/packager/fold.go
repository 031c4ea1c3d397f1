package packager

import (
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// stage is ours in model.rejected.
const stage = "packager"

// state is what the models topic says of the models that were trained.
type state struct {
	models []*model // in the order in which they were trained
	byKey  map[key]*model
}

type key struct{ series, version string }

// model is what became of one.
type model struct {
	id       string // of model.trained
	trained  *event.ModelTrained
	packaged *event.ModelPackaged
	// rejected is the reason of the last rejection by this stage that no package followed.
	rejected string
	// left means that it is in the hands of the promoter, or was.
	left bool
}

func newState() *state { return &state{byKey: map[key]*model{}} }

// take folds a record. What another version wrote is none of ours.
func (s *state) take(r event.Record) {
	if e, err := topic.Decode(r); err == nil {
		s.fold(e)
	}
}

func (s *state) fold(e event.Event) {
	switch d := e.Data.(type) {
	case *event.ModelTrained:
		k := key{d.GetModel(), d.GetVersion()}
		if m := s.byKey[k]; m == nil {
			m = &model{id: e.ID, trained: d}
			s.byKey[k] = m
			s.models = append(s.models, m)
		} else if m.trained.GetAdapterSha256() != d.GetAdapterSha256() {
			*m = model{id: e.ID, trained: d} // trained anew
		}
	case *event.ModelPackaged:
		if m := s.byKey[key{d.GetModel(), d.GetVersion()}]; m != nil {
			m.packaged, m.rejected = d, ""
		}
	case *event.ModelRejected:
		m := s.byKey[key{d.GetModel(), d.GetVersion()}]
		switch {
		case m == nil:
		case d.GetStage() == stage:
			m.rejected = d.GetReason()
		default:
			m.left = true
		}
	case *event.ModelEvaluated:
		s.leave(d.GetModel(), d.GetVersion())
	case *event.ModelPromoted:
		s.leave(d.GetModel(), d.GetVersion())
	case *event.ModelRolledBack:
		s.leave(d.GetModel(), d.GetVersion())
	}
}

func (s *state) leave(series, version string) {
	if m := s.byKey[key{series, version}]; m != nil {
		m.left = true
	}
}

// pending lists what is to be packaged, the oldest first.
func (s *state) pending() []*model {
	var all []*model
	for _, m := range s.models {
		if m.packaged == nil && !m.left && (m.rejected == "" || passing(m.rejected)) {
			all = append(all, m)
		}
	}
	return all
}

// unserved lists the newest model of each series, where it is packaged and Ollama does not have it. Older ones are
// registered by command only: they would not be promoted.
func (s *state) unserved() []*model {
	newest := map[string]*model{}
	for _, m := range s.models {
		newest[m.trained.GetModel()] = m
	}
	var all []*model
	for _, m := range s.models {
		if newest[m.trained.GetModel()] == m && m.packaged != nil && m.packaged.GetServedName() == "" && !m.left && (m.rejected == "" || passing(m.rejected)) {
			all = append(all, m)
		}
	}
	return all
}
