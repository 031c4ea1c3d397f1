package app

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// setting is one environment variable, read from a field's tags.
type setting struct {
	name, standard, doc string
	secret              bool
	kind                reflect.Type
}

// settings lists the variables of a config struct, depth first, in the order of the fields.
func settings(t reflect.Type) []setting {
	var all []setting
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case name != "":
			all = append(all, setting{name, f.Tag.Get("envDefault"), f.Tag.Get("doc"), f.Tag.Get("secret") == "true", f.Type})
		case f.Type.Kind() == reflect.Struct && f.IsExported():
			all = append(all, settings(f.Type)...)
		}
	}
	return all
}

// parse fills cfg from an environment. Its error names the variable, the value and what is allowed.
func parse(cfg any, environ map[string]string) error {
	err := env.ParseWithOptions(cfg, env.Options{Environment: environ})
	if err == nil {
		return nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var problems []error
	for _, e := range all.Errors {
		problems = append(problems, explain(cfg, environ, e))
	}
	return errors.Join(problems...)
}

// explain finds the variables that do not parse on their own: the library names the field, people know the variable.
func explain(cfg any, environ map[string]string, err error) error {
	var wrong env.ParseError
	if !errors.As(err, &wrong) {
		return err
	}
	for _, s := range settings(reflect.TypeOf(cfg).Elem()) {
		value, set := environ[s.name]
		if !set || s.kind != wrong.Type || fieldOf(reflect.TypeOf(cfg).Elem(), s.name) != wrong.Name {
			continue
		}
		return fmt.Errorf("%s=%s: not a %s. %s", s.name, value, describe(s.kind), s.doc)
	}
	return err
}

// fieldOf returns the name of the field that carries a variable.
func fieldOf(t reflect.Type, name string) string {
	for i := range t.NumField() {
		f := t.Field(i)
		if tag, _, _ := strings.Cut(f.Tag.Get("env"), ","); tag == name {
			return f.Name
		}
		if f.Type.Kind() == reflect.Struct && f.IsExported() && f.Tag.Get("env") == "" {
			if found := fieldOf(f.Type, name); found != "" {
				return found
			}
		}
	}
	return ""
}

func describe(t reflect.Type) string {
	switch {
	case t.String() == "time.Duration":
		return "duration such as 500ms or 10s"
	case t.Kind() == reflect.Bool:
		return "truth value (true or false)"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "whole number"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "number"
	default:
		return t.String()
	}
}

// unknown lists variables that look like ours and are not: most likely a misspelt name.
func unknown(t reflect.Type, environ map[string]string) []string {
	known := map[string]bool{}
	for _, s := range settings(t) {
		known[s.name] = true
	}
	var odd []string
	for name := range environ {
		if strings.HasPrefix(name, "RAGLINE_") && !known[name] {
			odd = append(odd, name)
		}
	}
	slices.Sort(odd)
	return odd
}

// Environ returns the environment of the process over the lines of a file such as .env, if the file is there.
func Environ(file string) (map[string]string, error) {
	environ := map[string]string{}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok {
			return nil, fmt.Errorf("reading %s: line %d is not NAME=VALUE", file, i+1)
		}
		environ[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		environ[name] = value
	}
	return environ, nil
}

// Example renders every setting of the configuration for .env.example.
func Example() string {
	var b strings.Builder
	b.WriteString("# Settings of ragline. Copy to .env and change what you need; the environment wins over the file.\n")
	b.WriteString("# Generated from the config structs by `ragline config example`: do not edit.\n")
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		f := t.Field(i)
		section := f.Tag.Get("section")
		if section != "" {
			fmt.Fprintf(&b, "\n# %s\n", section)
		}
		for _, s := range settings(reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}})) {
			fmt.Fprintf(&b, "\n# %s\n#%s=%s\n", s.doc, s.name, s.standard)
		}
	}
	return b.String()
}
