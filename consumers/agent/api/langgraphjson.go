package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Settings is what this server reads in a langgraph.json. All else in it is for LangGraph's own tools.
type Settings struct {
	// Graphs are graph ids with the graphs that they name, as in "agent": "./consumers/agent/react:agent".
	Graphs map[string]GraphRef
	// Origins are http.cors.allow_origins.
	Origins []string
	// Env is what the file sets in the environment: its env object, or the lines of the file that it names.
	Env map[string]string
}

// GraphRef names a graph: what stands behind the colon of its path.
type GraphRef struct {
	Path        string `json:"path"`
	Description string `json:"description"`
}

// UnmarshalJSON reads "path:name" or {path, description}.
func (g *GraphRef) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &g.Path) == nil {
		return nil
	}
	type plain GraphRef
	return json.Unmarshal(data, (*plain)(g))
}

// Name is what stands behind the colon of the path.
func (g GraphRef) Name() string {
	_, name, _ := strings.Cut(g.Path, ":")
	return name
}

var errNoGraphs = errors.New("graphs is missing or empty")

// ReadSettings reads a langgraph.json. An env file that it names stands beside it.
func ReadSettings(data []byte, readFile func(name string) ([]byte, error)) (Settings, error) {
	var file struct {
		Graphs map[string]GraphRef `json:"graphs"`
		Env    json.RawMessage     `json:"env"`
		HTTP   struct {
			CORS struct {
				Origins []string `json:"allow_origins"`
				Regex   string   `json:"allow_origin_regex"`
			} `json:"cors"`
		} `json:"http"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return Settings{}, fmt.Errorf("reading langgraph.json: %w", err)
	}
	if len(file.Graphs) == 0 {
		return Settings{}, fmt.Errorf("reading langgraph.json: %w", errNoGraphs)
	}
	for _, id := range slices.Sorted(maps.Keys(file.Graphs)) {
		if file.Graphs[id].Name() == "" {
			return Settings{}, fmt.Errorf("reading langgraph.json: graph %s: %q is not path:name", id, file.Graphs[id].Path)
		}
	}
	if file.HTTP.CORS.Regex != "" {
		return Settings{}, errors.New("reading langgraph.json: http.cors.allow_origin_regex is not read: list the origins in allow_origins")
	}
	env, err := readEnv(file.Env, readFile)
	return Settings{Graphs: file.Graphs, Origins: file.HTTP.CORS.Origins, Env: env}, err
}

func readEnv(raw json.RawMessage, readFile func(string) ([]byte, error)) (map[string]string, error) {
	env := map[string]string{}
	if isNull(raw) || json.Unmarshal(raw, &env) == nil {
		return env, nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return nil, errors.New("reading langgraph.json: env is neither an object of strings nor a file's name")
	}
	data, err := readFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return env, nil // as LangGraph has it: .env is the user's own file
	}
	if err != nil {
		return nil, fmt.Errorf("reading langgraph.json: env: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") {
			env[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return env, nil
}
