package tracetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Golden compares a message with testdata/NAME.json. Ids are hex there, as people know them.
func Golden(t testing.TB, update bool, name string, m proto.Message) {
	t.Helper()
	raw, err := protojson.Marshal(m)
	require.NoError(t, err)
	GoldenJSON(t, update, name, raw)
}

// GoldenJSON compares JSON with testdata/NAME.json.
func GoldenJSON(t testing.TB, update bool, name string, raw []byte) {
	t.Helper()
	var tree any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&tree))
	readable(tree)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(tree))
	path := filepath.Join("testdata", name+".json")
	if update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), buf.String())
}

// readable turns the ids of protojson from base64 into hex.
func readable(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			readable(item)
		}
	case map[string]any:
		for name, item := range node {
			text, isText := item.(string)
			if raw, err := base64.StdEncoding.DecodeString(text); isText && err == nil && (name == "traceId" && len(raw) == 16 || name == "spanId" && len(raw) == 8 || name == "parentSpanId" && len(raw) == 8) {
				node[name] = hex.EncodeToString(raw)
				continue
			}
			readable(item)
		}
	}
}
