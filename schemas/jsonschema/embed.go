package jsonschema

import (
	"embed"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

const suffix = ".schema.json"

// Get returns the schema of the JSON value of an event, by its ce_type, for example "query.asked.v1".
// It reports false for a type without a schema.
func Get(typ string) ([]byte, bool) {
	raw, err := files.ReadFile(typ + suffix)
	return raw, err == nil
}

// Types returns the types that have a schema, sorted.
func Types() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil
	}
	var types []string
	for _, e := range entries {
		types = append(types, strings.TrimSuffix(e.Name(), suffix))
	}
	return types
}
