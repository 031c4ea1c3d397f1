package api

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Contains says whether an object has all members of another, as jsonb's @> does: objects member by member, lists in any order.
func Contains(whole, part map[string]json.RawMessage) bool {
	for key, want := range part {
		have, ok := whole[key]
		if !ok || !contains(parse(have), parse(want)) {
			return false
		}
	}
	return true
}

func parse(raw json.RawMessage) any {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	_ = dec.Decode(&v) // what is no JSON equals nothing
	return v
}

func contains(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for key, w := range want {
			if h, ok := have[key]; !ok || !contains(h, w) {
				return false
			}
		}
		return true
	case []any:
		have, ok := have.([]any)
		if !ok {
			return false
		}
		for _, w := range want {
			if !anyContains(have, w) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(have, want)
}

func anyContains(list []any, want any) bool {
	for _, h := range list {
		if contains(h, want) {
			return true
		}
	}
	return false
}
