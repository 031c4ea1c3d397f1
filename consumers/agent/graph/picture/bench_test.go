package picture_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func BenchmarkSVG(b *testing.B) {
	g := named(b, "react")
	b.ReportAllocs()
	for b.Loop() {
		picture.SVG(g)
	}
}

func BenchmarkSVGOf40Nodes(b *testing.B) {
	g := tangle(40, 1)
	b.ReportAllocs()
	for b.Loop() {
		picture.SVG(g)
	}
}

func BenchmarkPNGOf40Nodes(b *testing.B) {
	g := tangle(40, 1)
	b.ReportAllocs()
	for b.Loop() {
		_, err := picture.PNG(g, 1)
		require.NoError(b, err)
	}
}
