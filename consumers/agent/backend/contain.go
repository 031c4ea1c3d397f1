package backend

import (
	"encoding/json"
	"reflect"
	"slices"
)

// contains says whether an object has all of another, as jsonb's @> has it.
func contains(whole, part map[string]json.RawMessage) bool {
	for k, raw := range part {
		var want, got any
		if json.Unmarshal(raw, &want) != nil || json.Unmarshal(whole[k], &got) != nil || !within(got, want) {
			return false
		}
	}
	return true
}

func within(got, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		for k, v := range w {
			if !ok || !within(g[k], v) {
				return false
			}
		}
		return ok
	case []any:
		g, ok := got.([]any)
		for _, v := range w {
			if !ok || !slices.ContainsFunc(g, func(one any) bool { return within(one, v) }) {
				return false
			}
		}
		return ok
	default:
		return reflect.DeepEqual(got, want)
	}
}
