package feature

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// flatten turns a JSON passage into one line for each leaf, "path key: value" with None for null.
// Other text comes back as it is.
func flatten(text string) (flat string, structured bool) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || (trimmed[0] != '{' && trimmed[0] != '[') {
		return text, false
	}
	decoder := json.NewDecoder(strings.NewReader(trimmed))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return text, false
	}
	var b strings.Builder
	writeLeaves(&b, "", value)
	return b.String(), true
}

func writeLeaves(b *strings.Builder, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			writeLeaves(b, strings.TrimSpace(path+" "+k), v[k])
		}
	case []any:
		for _, item := range v {
			writeLeaves(b, path, item)
		}
	case nil:
		fmt.Fprintf(b, "%s: None\n", path)
	default:
		fmt.Fprintf(b, "%s: %v\n", path, v)
	}
}
