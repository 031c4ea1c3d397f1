package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	hexes = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)`)
)

// noise are members that say what LangGraph's own libraries add, and nothing about the run.
func noise(key string, value any) bool {
	switch key {
	case "additional_kwargs", "response_metadata", "invalid_tool_calls", "usage_metadata", "artifact", // of messages
		"langgraph_version", "langgraph_plan", "langgraph_host", "langgraph_api_url", "langgraph_api_version", "ls_integration",
		"run_attempt", "tags", "user_id", "langgraph_auth_user_id", "langgraph_request_id", "langgraph_auth_user", "langgraph_auth_permissions",
		"checkpoint_map":
		return true
	case "name":
		return value == nil
	}
	return strings.HasPrefix(key, "__") && key != "__interrupt__" && key != "__error__"
}

// normal takes out what differs from run to run: ids, times and noise.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if !noise(key, value) {
				out[normal(key).(string)] = normal(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i])
		}
		return out
	case string:
		s := uuids.ReplaceAllString(v, "<uuid>")
		return times.ReplaceAllString(hexes.ReplaceAllString(s, "<hex>"), "<time>")
	}
	return v
}

// flat lists the leaves of a value by their paths.
func flat(v any) map[string]string {
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				walk(path+"."+key, value)
			}
			if len(v) == 0 {
				out[path] = "{}"
			}
		case []any:
			for i := range v {
				walk(path+"["+strconv.Itoa(i)+"]", v[i])
			}
			if len(v) == 0 {
				out[path] = "[]"
			}
		default:
			data, err := json.Marshal(v)
			if err != nil {
				data = []byte(err.Error())
			}
			out[path] = string(data)
		}
	}
	walk("", v)
	return out
}

// difference is a way in which we answer otherwise than a server of LangGraph's, and why. DESIGN.md has the table for people.
type difference struct {
	Step, Path string // regular expressions
	Why        string
}

// compare reports what differs and is not among the known differences, and known ones that are gone.
func compare(t *testing.T, theirs, ours []step, known []difference) {
	t.Helper()
	used := map[int]bool{}
	got := map[string]any{}
	for _, s := range ours {
		got[s.Step] = s.Value
	}
	for _, s := range theirs {
		value, ok := got[s.Step]
		if !ok {
			t.Errorf("step %q: we did not get there", s.Step)
			continue
		}
		for _, d := range differences(s.Value, value) {
			at := slices.IndexFunc(known, func(k difference) bool {
				return regexp.MustCompile("^(?:"+k.Step+")$").MatchString(s.Step) && regexp.MustCompile("^(?:"+k.Path+")$").MatchString(d.path)
			})
			if at < 0 {
				t.Errorf("step %q: %s: they say %s, we say %s", s.Step, d.path, d.theirs, d.ours)
			}
			used[at] = true
		}
	}
	for i, k := range known {
		if !used[i] {
			t.Errorf("known difference is gone: %s %s (%s)", k.Step, k.Path, k.Why)
		}
	}
}

type found struct{ path, theirs, ours string }

func differences(theirs, ours any) []found {
	a, b := flat(theirs), flat(ours)
	var out []found
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if a[path] != b[path] {
			out = append(out, found{path, orNothing(a, path), orNothing(b, path)})
		}
	}
	return out
}

func orNothing(m map[string]string, path string) string {
	if v, ok := m[path]; ok {
		return fmt.Sprintf("%.120s", v)
	}
	return "nothing"
}
