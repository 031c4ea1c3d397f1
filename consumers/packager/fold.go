package packager

import (
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/internal/registry"
)

// stage is ours in model.rejected.
const stage = "packager"

// pending lists what is to be packaged, the oldest of each series first.
func pending(r *registry.Registry) []*registry.Version {
	var all []*registry.Version
	for _, s := range r.All() {
		for _, v := range s.Versions {
			if v.Packaged == nil && open(v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// unserved lists the newest version of each series, where it is packaged and Ollama does not have it. Older ones are
// registered by command only: they would not be promoted.
func unserved(r *registry.Registry) []*registry.Version {
	var all []*registry.Version
	for _, s := range r.All() {
		v := newest(s)
		if v != nil && v.Packaged != nil && v.Packaged.GetServedName() == "" && open(v) {
			all = append(all, v)
		}
	}
	return all
}

// open says whether a version is in our hands: trained, packaged, or rejected for what has nothing to do with it.
func open(v *registry.Version) bool {
	switch v.State {
	case registry.StateTrained, registry.StatePackaged:
		return v.Trained != nil
	case registry.StateRejected:
		return v.Trained != nil && passing(told(v))
	}
	return false
}

// told is the reason for which we rejected a version, if that is what was said of it last.
func told(v *registry.Version) string {
	if v.State != registry.StateRejected || v.Rejected.GetStage() != stage {
		return ""
	}
	return v.Rejected.GetReason()
}

func newest(s *registry.Series) *registry.Version {
	for i := len(s.Versions) - 1; i >= 0; i-- {
		if s.Versions[i].Trained != nil {
			return s.Versions[i]
		}
	}
	return nil
}

// find returns the version of a name like MODEL:VERSION, whose end may be left out, or the newest of MODEL.
func find(r *registry.Registry, name string) (*registry.Version, error) {
	series, version, named := strings.Cut(name, ":")
	v := newest(r.Series(series))
	if named {
		var err error
		if v, err = r.Series(series).Match(version); err != nil {
			return nil, err
		}
	}
	if v == nil || v.Trained == nil {
		return nil, fmt.Errorf("%w: %s was not trained here", registry.ErrUnknown, name)
	}
	return v, nil
}
