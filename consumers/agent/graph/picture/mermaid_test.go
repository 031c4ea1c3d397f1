package picture_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestMermaidIsWhatLangGraphDraws(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(t) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			o := picture.MermaidOptions{WithoutStyles: d.WithoutStyles, Curve: d.Curve}
			require.Equal(t, golden(t, "python", d.Name), picture.Mermaid(d.graph(), o))
		})
	}
}

func golden(t *testing.T, kind, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", kind, name+".mmd"))
	require.NoError(t, err)
	return string(b)
}

func TestMermaidOfJSIsWhatLangGraphJSDraws(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(t) {
		if _, err := os.Stat(filepath.Join("testdata", "js", d.Name+".mmd")); err != nil {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			o := picture.MermaidOptions{WithoutStyles: d.WithoutStyles, Curve: d.Curve, JS: true}
			require.Equal(t, golden(t, "js", d.Name), picture.Mermaid(d.graph(), o))
		})
	}
}
