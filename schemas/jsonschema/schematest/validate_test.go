package schematest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/jsonschema/schematest"
)

func TestValidateFindsEachKindOfFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schema, good, bad string }{
		"type":          {`{"type": "integer"}`, `1`, `1.5`},
		"types":         {`{"type": ["string", "null"]}`, `null`, `true`},
		"enum":          {`{"enum": ["a", 1]}`, `1`, `"b"`},
		"const":         {`{"const": "a"}`, `"a"`, `"b"`},
		"required":      {`{"required": ["a"]}`, `{"a": null}`, `{}`},
		"properties":    {`{"properties": {"a": {"type": "boolean"}}}`, `{"b": 1}`, `{"a": 1}`},
		"closed object": {`{"properties": {"a": {}}, "additionalProperties": false}`, `{"a": 1}`, `{"b": 1}`},
		"map":           {`{"additionalProperties": {"type": "string"}}`, `{"a": "x"}`, `{"a": 1}`},
		"items":         {`{"items": {"type": "array"}}`, `[[]]`, `[{}]`},
		"anyOf":         {`{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}`, `{"b": 1}`, `{"c": 1}`},
		"minLength":     {`{"minLength": 2}`, `"äö"`, `"ä"`},
		"pattern":       {`{"pattern": "^[a-f]+$"}`, `"abc"`, `"xyz"`},
		"minimum":       {`{"minimum": 0}`, `0`, `-1`},
		"maximum":       {`{"maximum": 1}`, `1`, `1.01`},
		"maxProperties": {`{"maxProperties": 1}`, `{"a": 1}`, `{"a": 1, "b": 2}`},
		"date-time":     {`{"format": "date-time"}`, `"2026-11-20T09:30:00Z"`, `"yesterday"`},
		"reference":     {`{"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}`, `1`, `"1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, schematest.Validate([]byte(c.schema), []byte(c.good)))
			require.Error(t, schematest.Validate([]byte(c.schema), []byte(c.bad)))
		})
	}
}

func TestSchemaWithAnUnknownKeywordIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, schematest.Validate([]byte(`{"mandatory": []}`), []byte(`{}`)), "mandatory")
	require.ErrorContains(t, schematest.Validate([]byte(`{"$ref": "#/$defs/x"}`), []byte(`{}`)), "leads nowhere")
}
