package gateway_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/jsonschema/schematest"
)

func document(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	return doc
}

// matches holds a response to a schema of the document.
func matches(t *testing.T, schema string, raw []byte) {
	t.Helper()
	doc := document(t)
	s, err := schematest.Resolve(doc, "#/components/schemas/"+schema)
	require.NoError(t, err)
	require.NoError(t, schematest.ValidateAt(doc, s, raw), "%s: %s", schema, raw)
}

func field(t *testing.T, raw, name string) string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw), &fields))
	text, _ := fields[name].(string)
	return text
}

func TestDocumentDescribesExactlyTheRoutes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	served := map[string]bool{}
	require.NoError(t, chi.Walk(b.gateway.Handler().(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		served[strings.ToLower(method)+" "+route] = true
		return nil
	}))
	described := map[string]bool{}
	for path, operations := range document(t)["paths"].(map[string]any) {
		for method := range operations.(map[string]any) {
			described[method+" "+path] = true
		}
	}
	require.Equal(t, described, served)
}

func TestDocumentIsSound(t *testing.T) {
	t.Parallel()
	doc := document(t)
	require.Equal(t, "3.1.0", doc["openapi"])
	ids := map[string]bool{}
	for path, operations := range doc["paths"].(map[string]any) {
		for method, o := range operations.(map[string]any) {
			operation := o.(map[string]any)
			id := operation["operationId"].(string)
			require.False(t, ids[id], "two operations are called %s", id)
			ids[id] = true
			require.NotEmpty(t, operation["summary"], "%s %s", method, path)
			named := map[string]bool{}
			if parameters, ok := operation["parameters"].([]any); ok {
				for _, p := range parameters {
					named[p.(map[string]any)["in"].(string)+" "+p.(map[string]any)["name"].(string)] = true
				}
			}
			for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
				require.True(t, named["path "+name[1]], "%s %s does not describe %s", method, path, name[1])
			}
			for status, r := range operation["responses"].(map[string]any) {
				require.Regexp(t, `^[2-5]\d\d$`, status)
				require.NotEmpty(t, r.(map[string]any)["description"], "%s %s %s", method, path, status)
			}
		}
	}
	eachReference(doc, func(ref any) {
		_, err := schematest.Resolve(doc, ref)
		require.NoError(t, err)
	})
	for name := range doc["components"].(map[string]any)["schemas"].(map[string]any) {
		s, err := schematest.Resolve(doc, "#/components/schemas/"+name)
		require.NoError(t, err)
		err = schematest.ValidateAt(doc, s, []byte(`{}`))
		if err != nil {
			require.NotContains(t, err.Error(), "unknown keyword", name)
		}
	}
}

func eachReference(v any, visit func(any)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"]; ok {
			visit(ref)
		}
		for _, inner := range v {
			eachReference(inner, visit)
		}
	case []any:
		for _, inner := range v {
			eachReference(inner, visit)
		}
	}
}

func TestPlainRoutesAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for path, want := range map[string]string{
		"/":             "/v1/reviews/{id}/decision",
		"/healthz":      `"ok"`,
		"/readyz":       `"ready"`,
		"/openapi.json": `"3.1.0"`,
	} {
		r := b.do(t, "GET", path, "")
		require.Equal(t, http.StatusOK, r.status, path)
		require.Contains(t, string(r.raw), want, path)
		require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
	}
	require.Contains(t, string(b.do(t, "GET", "/metrics", "").raw), `ragline_gateway_requests_total{code="200",method="GET",route="/readyz"} 1`)
}
