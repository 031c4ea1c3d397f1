package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config of the servers.
type Config struct {
	File string `env:"RAGLINE_MCP_CONFIG" doc:"JSON file with the MCP servers whose tools the agent may use, in the mcpServers shape of other clients. Empty: none, and nothing is connected to."`
}

const (
	defaultTimeout = time.Minute
	// startTimeout bounds how long a server may take to start and list its tools. Package runners download first.
	startTimeout = 2 * time.Minute
)

// file is the shape of the file. Fields of other clients are left alone.
type file struct {
	Servers map[string]serverConfig `json:"mcpServers"`
}

// serverConfig is one server: a command that speaks over its standard input and output, or a URL of streamable HTTP.
type serverConfig struct {
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	Dir     string            `json:"cwd"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	// Timeout bounds one call, as in "30s".
	Timeout  string `json:"timeout"`
	Disabled bool   `json:"disabled"`
	// IgnoreHints treats all tools as sensitive and not idempotent, for a server that is not trusted to tell.
	IgnoreHints bool `json:"ignoreHints"`
	// Tools overrides what the server says, by the tool's own name.
	Tools map[string]override `json:"tools"`

	timeout time.Duration
}

type override struct {
	Sensitive  *bool `json:"sensitive"`
	Idempotent *bool `json:"idempotent"`
	Disabled   bool  `json:"disabled"`
}

var serverName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$`)

// load reads the file. Its errors name the server and what to do.
func load(path string) (map[string]serverConfig, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading RAGLINE_MCP_CONFIG: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("reading RAGLINE_MCP_CONFIG=%s: %w", path, err)
	}
	if f.Servers == nil {
		return nil, fmt.Errorf("reading RAGLINE_MCP_CONFIG=%s: there is no mcpServers object", path)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.Servers)) {
		s := f.Servers[name]
		if s.Disabled {
			delete(f.Servers, name)
			continue
		}
		if err := s.complete(name); err != nil {
			errs = append(errs, fmt.Errorf("MCP server %s in %s: %w", name, path, err))
		}
		f.Servers[name] = s
	}
	return f.Servers, errors.Join(errs...)
}

func (s *serverConfig) complete(name string) error {
	if !serverName.MatchString(name) || strings.Contains(name, "__") {
		return errors.New("a name has letters, digits, - and _, no __, and begins and ends with a letter or a digit")
	}
	var missing []string
	expand := func(v string) string {
		key, fallback, given := strings.Cut(v[2:len(v)-1], ":-")
		value, ok := os.LookupEnv(key)
		if !ok && !given {
			missing = append(missing, key)
		}
		if value == "" {
			return fallback
		}
		return value
	}
	s.Command, s.URL, s.Dir = braced(s.Command, expand), braced(s.URL, expand), braced(s.Dir, expand)
	for i := range s.Args {
		s.Args[i] = braced(s.Args[i], expand)
	}
	for _, m := range []map[string]string{s.Env, s.Headers} {
		for k, v := range m {
			m[k] = braced(v, expand)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("set the environment variable %s, which it names", strings.Join(slices.Compact(slices.Sorted(slices.Values(missing))), ", "))
	}
	s.timeout = defaultTimeout
	if s.Timeout != "" {
		d, err := time.ParseDuration(s.Timeout)
		if err != nil || d < time.Second || d > time.Hour {
			return fmt.Errorf(`timeout %q: allowed are "1s" to "1h"`, s.Timeout)
		}
		s.timeout = d
	}
	return s.reachable()
}

// braced replaces ${NAME} and ${NAME:-default}. A dollar without braces is left alone.
func braced(v string, expand func(string) string) string {
	return reference.ReplaceAllStringFunc(v, expand)
}

var reference = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`)

func (s *serverConfig) reachable() error {
	switch {
	case s.Command == "" && s.URL == "":
		return errors.New(`give it a "command" to start or a "url" to connect to`)
	case s.Command != "" && s.URL != "":
		return errors.New(`it has a "command" and a "url": remove one`)
	case s.URL != "":
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("url %q: allowed are http and https URLs", s.URL)
		}
	}
	return nil
}
