package schematest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// schema is a decoded JSON Schema object.
type schema = map[string]any

// annotations say nothing about a value.
var annotations = []string{
	"$schema", "$id", "$defs", "$comment", "title", "description", "examples", "example", "default", "format", "deprecated",
}

// Validate reports the first place where value breaks the schema, or what is wrong with the schema itself.
func Validate(rawSchema, rawValue []byte) error {
	var root schema
	if err := json.Unmarshal(rawSchema, &root); err != nil {
		return fmt.Errorf("reading schema: %w", err)
	}
	return ValidateAt(root, root, rawValue)
}

// ValidateAt is Validate for a schema within a larger document, in which its references are resolved.
func ValidateAt(root, s map[string]any, rawValue []byte) error {
	var value any
	if err := json.Unmarshal(rawValue, &value); err != nil {
		return fmt.Errorf("reading value: %w", err)
	}
	return validator{root, ruleSet()}.check("$", s, value)
}

// validator carries its rules: a package variable of them would refer to itself, since rules call check.
type validator struct {
	root  schema
	rules map[string]ruleFunc
}

func (v validator) check(at string, s schema, value any) error {
	for keyword, arg := range s {
		if slices.Contains(annotations, keyword) {
			continue
		}
		rule, ok := v.rules[keyword]
		if !ok {
			return fmt.Errorf("%s: the schema has the unknown keyword %q", at, keyword)
		}
		if err := rule(v, at, s, arg, value); err != nil {
			return err
		}
	}
	if s["format"] == "date-time" {
		return checkTime(at, value)
	}
	return nil
}

type ruleFunc func(v validator, at string, s schema, arg, value any) error

func ruleSet() map[string]ruleFunc {
	return map[string]ruleFunc{
		"$ref": func(v validator, at string, _ schema, arg, value any) error {
			target, err := Resolve(v.root, arg)
			if err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			return v.check(at, target, value)
		},
		"type": checkType,
		"enum": checkEnum,
		"const": func(_ validator, at string, _ schema, arg, value any) error {
			return checkEnum(validator{}, at, nil, []any{arg}, value)
		},
		"required":             checkRequired,
		"properties":           checkProperties,
		"additionalProperties": checkAdditional,
		"items":                checkItems,
		"anyOf":                checkAnyOf,
		"minLength":            checkMinLength,
		"pattern":              checkPattern,
		"minimum":              func(_ validator, at string, _ schema, arg, value any) error { return checkBound(at, arg, value, -1) },
		"maximum":              func(_ validator, at string, _ schema, arg, value any) error { return checkBound(at, arg, value, 1) },
		"maxProperties":        checkMaxProperties,
	}
}

// Resolve returns the schema that a local reference names.
func Resolve(root map[string]any, ref any) (map[string]any, error) {
	path, ok := ref.(string)
	if !ok || !strings.HasPrefix(path, "#/") {
		return nil, fmt.Errorf("%v is not a local reference", ref)
	}
	at := root
	for part := range strings.SplitSeq(path[2:], "/") {
		next, ok := at[part].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s leads nowhere", path)
		}
		at = next
	}
	return at, nil
}

func checkType(_ validator, at string, _ schema, arg, value any) error {
	names, ok := arg.([]any)
	if !ok {
		names = []any{arg}
	}
	for _, name := range names {
		if isType(value, name) {
			return nil
		}
	}
	return fmt.Errorf("%s: %v is not of type %v", at, value, arg)
}

func isType(value, name any) bool {
	switch value := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && value == float64(int64(value))
	case []any:
		return name == "array"
	default:
		return name == "object"
	}
}

func checkEnum(_ validator, at string, _ schema, arg, value any) error {
	for _, allowed := range arg.([]any) {
		if reflect.DeepEqual(allowed, value) {
			return nil
		}
	}
	return fmt.Errorf("%s: %v is not one of %v", at, value, arg)
}

func checkRequired(_ validator, at string, _ schema, arg, value any) error {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	for _, name := range arg.([]any) {
		if _, ok := object[name.(string)]; !ok {
			return fmt.Errorf("%s: %s is required", at, name)
		}
	}
	return nil
}

func checkProperties(v validator, at string, _ schema, arg, value any) error {
	object, _ := value.(map[string]any)
	for name, s := range arg.(map[string]any) {
		if field, ok := object[name]; ok {
			if err := v.check(at+"."+name, s.(map[string]any), field); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAdditional(v validator, at string, s schema, arg, value any) error {
	object, _ := value.(map[string]any)
	properties, _ := s["properties"].(map[string]any)
	for name, field := range object {
		if _, ok := properties[name]; ok || arg == true {
			continue
		}
		if arg == false {
			return fmt.Errorf("%s: %s is not a property", at, name)
		}
		if err := v.check(at+"."+name, arg.(map[string]any), field); err != nil {
			return err
		}
	}
	return nil
}

func checkItems(v validator, at string, _ schema, arg, value any) error {
	list, _ := value.([]any)
	for i, item := range list {
		if err := v.check(fmt.Sprintf("%s[%d]", at, i), arg.(map[string]any), item); err != nil {
			return err
		}
	}
	return nil
}

func checkAnyOf(v validator, at string, _ schema, arg, value any) error {
	var all error
	for _, s := range arg.([]any) {
		err := v.check(at, s.(map[string]any), value)
		if err == nil {
			return nil
		}
		all = errors.Join(all, err)
	}
	return all
}

func checkMinLength(_ validator, at string, _ schema, arg, value any) error {
	if text, ok := value.(string); ok && float64(utf8.RuneCountInString(text)) < arg.(float64) {
		return fmt.Errorf("%s: %q is shorter than %v", at, text, arg)
	}
	return nil
}

func checkPattern(_ validator, at string, _ schema, arg, value any) error {
	re, err := regexp.Compile(arg.(string))
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if text, ok := value.(string); ok && !re.MatchString(text) {
		return fmt.Errorf("%s: %q does not match %s", at, text, re)
	}
	return nil
}

func checkBound(at string, arg, value any, sign float64) error {
	if n, ok := value.(float64); ok && (n-arg.(float64))*sign > 0 {
		return fmt.Errorf("%s: %v is beyond %v", at, n, arg)
	}
	return nil
}

func checkMaxProperties(_ validator, at string, _ schema, arg, value any) error {
	if object, ok := value.(map[string]any); ok && float64(len(object)) > arg.(float64) {
		return fmt.Errorf("%s: more than %v properties", at, arg)
	}
	return nil
}

func checkTime(at string, value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}
