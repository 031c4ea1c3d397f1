package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOpenAPIListsTheRoutes holds the document to the table of routes.
func TestOpenAPIListsTheRoutes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("routes.go")
	require.NoError(t, err)
	var want []string
	for _, m := range regexp.MustCompile(`"([A-Z]+ /[^"]*)":`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, m[1])
	}
	require.Greater(t, len(want), 40)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	r := call(t, "GET", setup(t)+"/openapi.json", "")
	require.NoError(t, json.Unmarshal([]byte(r.Body), &doc))
	var got []string
	for path, methods := range doc.Paths {
		for method := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	require.ElementsMatch(t, want, got)
}

func TestWhatIsNotServedSaysWhy(t *testing.T) {
	t.Parallel()
	server := setup(t)
	for _, request := range []string{
		"POST /runs/crons", "POST /runs/crons/search", "DELETE /runs/crons/1", "PUT /store/items", "POST /store/namespaces",
		"POST /assistants", "PATCH /assistants/agent",
	} {
		method, path, _ := strings.Cut(request, " ")
		r := call(t, method, server+path, "{}")
		require.Equal(t, http.StatusNotImplemented, r.Status, request)
		require.Equal(t, "not_served", r.object(t)["code"], request)
		require.NotEmpty(t, r.object(t)["detail"], request)
	}
	r := call(t, "GET", server+"/nowhere", "")
	require.Equal(t, http.StatusNotFound, r.Status)
	require.Contains(t, r.object(t)["detail"], "/openapi.json")
	require.NotEmpty(t, r.object(t)["request_id"])
}
