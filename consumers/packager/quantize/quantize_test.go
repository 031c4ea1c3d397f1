package quantize_test

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/packager/gguf"
	"github.com/ragline/ragline/consumers/packager/gguf/gguftest"
	"github.com/ragline/ragline/consumers/packager/quantize"
)

// source is a model and its file in bf16, the type of a merged model.
func source(t *testing.T, changes map[string]any) (model, path string) {
	t.Helper()
	model, path = gguftest.Model(t, changes), filepath.Join(t.TempDir(), "model-bf16.gguf")
	_, err := gguf.Convert(t.Context(), gguf.ConvertOptions{Model: model, Out: path, Type: gguf.FileBF16})
	require.NoError(t, err)
	return model, path
}

// TestQuantizedFilePassesEveryCheck and is as near to its source as the type allows.
func TestQuantizedFilePassesEveryCheck(t *testing.T) {
	t.Parallel()
	for typ, bound := range map[quantize.Type]float64{quantize.F16: 1e-4, quantize.Q8_0: 0.01, quantize.Q4_0: 0.12} {
		for name, tied := range map[string]bool{"untied": false, "tied": true} {
			t.Run(string(typ)+" "+name, func(t *testing.T) {
				t.Parallel()
				model, in := source(t, map[string]any{"tie_word_embeddings": tied})
				out := filepath.Join(t.TempDir(), "model.gguf")
				require.NoError(t, quantize.Run(t.Context(), quantize.Options{In: in, Out: out, Type: typ}))
				report, err := gguf.Verify(t.Context(), out, gguf.Want{Model: model, Type: typ.FileType()})
				require.NoError(t, err)
				require.Empty(t, report.Fallback)
				require.Less(t, loss(t, in, out), bound)
			})
		}
	}
}

// TestLlamaQuantizeMakesEveryType runs the real tool, and decodes what it made.
func TestLlamaQuantizeMakesEveryType(t *testing.T) {
	t.Parallel()
	folder := llamaCPP(t)
	model, in := source(t, nil)
	for typ, bound := range map[quantize.Type]float64{quantize.F16: 1e-4, quantize.Q8_0: 0.01, quantize.Q5KM: 0.06, quantize.Q4KM: 0.1, quantize.Q4_0: 0.12} {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "model.gguf")
			var lines []string
			require.NoError(t, quantize.Run(t.Context(), quantize.Options{In: in, Out: out, Type: typ, LlamaCPP: folder, Threads: 1, Log: func(l string) { lines = append(lines, l) }}))
			require.NotEmpty(t, lines)
			report, err := gguf.Verify(t.Context(), out, gguf.Want{Model: model, Type: typ.FileType()})
			require.NoError(t, err)
			require.Empty(t, report.Fallback)
			require.Less(t, loss(t, in, out), bound)
			if typ == quantize.Q8_0 {
				own := filepath.Join(t.TempDir(), "own.gguf")
				require.NoError(t, quantize.Run(t.Context(), quantize.Options{In: in, Out: own, Type: typ}))
				require.Zero(t, loss(t, out, own), "this package and llama-quantize make the same blocks")
			}
		})
	}
}

// TestSilentFallbackIsReported: rows of 64 cannot be in k-quants, and llama-quantize exits with success.
func TestSilentFallbackIsReported(t *testing.T) {
	t.Parallel()
	folder := llamaCPP(t)
	model, in := source(t, map[string]any{"hidden_size": 64, "intermediate_size": 128, "head_dim": 16})
	out := filepath.Join(t.TempDir(), "model.gguf")
	require.NoError(t, quantize.Run(t.Context(), quantize.Options{In: in, Out: out, Type: quantize.Q4KM, LlamaCPP: folder}))
	report, err := gguf.Verify(t.Context(), out, gguf.Want{Model: model, Type: gguf.FileQ4KM})
	require.ErrorContains(t, err, "rows that are no multiple of 256")
	require.Len(t, report.Fallback, 9)
}

// TestRowsThatNoBlockDividesStayInF16 holds for this package too.
func TestRowsThatNoBlockDividesStayInF16(t *testing.T) {
	t.Parallel()
	model, in := source(t, map[string]any{"hidden_size": 48, "intermediate_size": 96, "head_dim": 12})
	out := filepath.Join(t.TempDir(), "model.gguf")
	require.NoError(t, quantize.Run(t.Context(), quantize.Options{In: in, Out: out, Type: quantize.Q8_0}))
	report, err := gguf.Verify(t.Context(), out, gguf.Want{Model: model, Type: gguf.FileQ8_0})
	require.Error(t, err)
	require.NotEmpty(t, report.Fallback)
}

func TestRouteThatCannotNamesTheOneThatCan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ    quantize.Type
		routes quantize.Routes
		want   quantize.Route
		can    []quantize.Route
	}{
		{typ: quantize.Q4KM, routes: quantize.Routes{LlamaCPP: "x", Ollama: true}, want: quantize.RouteLlamaCPP},
		{typ: quantize.Q4KM, routes: quantize.Routes{Ollama: true}, want: quantize.RouteOllama},
		{typ: quantize.Q8_0, routes: quantize.Routes{Ollama: true}, want: quantize.RouteGo},
		{typ: quantize.Q4_0, want: quantize.RouteGo},
		{typ: quantize.Q4KM, can: []quantize.Route{quantize.RouteLlamaCPP, quantize.RouteOllama}},
		{typ: quantize.Q5KM, routes: quantize.Routes{Ollama: true}, can: []quantize.Route{quantize.RouteLlamaCPP}},
	} {
		route, err := quantize.Choose(c.typ, c.routes)
		require.Equal(t, c.want, route)
		if c.can == nil {
			require.NoError(t, err)
			continue
		}
		var unsupported *quantize.UnsupportedError
		require.ErrorAs(t, err, &unsupported)
		require.Equal(t, c.can, unsupported.Can)
	}
	err := quantize.Run(t.Context(), quantize.Options{In: "in", Out: "out", Type: quantize.Q4KM})
	require.ErrorContains(t, err, "LLAMA_CPP_PATH")
	_, err = quantize.Parse("q3_k_s")
	require.ErrorIs(t, err, quantize.ErrType)
	parsed, err := quantize.Parse("Q4_K_M")
	require.NoError(t, err)
	require.Equal(t, quantize.Q4KM, parsed)
}

// TestFailingToolSaysWhyAndLeavesNothing runs a tool that fails, and none.
func TestFailingToolSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	opts := quantize.Options{In: filepath.Join(folder, "in"), Out: filepath.Join(folder, "out"), Type: quantize.Q4KM, LlamaCPP: folder}
	require.ErrorIs(t, quantize.Run(t.Context(), opts), quantize.ErrTool)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "llama-quantize"), []byte("#!/bin/sh\necho no space left >&2\nexit 1\n"), 0o700))
	require.ErrorContains(t, quantize.Run(t.Context(), opts), "no space left")
	require.NoFileExists(t, opts.Out)
	require.NoFileExists(t, opts.Out+".tmp")
}

// llamaCPP finds what `make llama-cpp` built.
func llamaCPP(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv("LLAMA_CPP_PATH"); folder != "" {
		return folder
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	found, _ := filepath.Glob(filepath.Join(cache, "ragline", "tools", "llama.cpp-*"))
	if len(found) == 0 {
		t.Skip("needs llama-quantize: make llama-cpp, or LLAMA_CPP_PATH")
	}
	return found[len(found)-1]
}

// loss is the largest root of the mean square difference of a tensor, relative to its values.
func loss(t *testing.T, in, out string) float64 {
	t.Helper()
	a, err := gguf.Open(in)
	require.NoError(t, err)
	defer a.Close()
	b, err := gguf.Open(out)
	require.NoError(t, err)
	defer b.Close()
	require.Len(t, b.Tensors, len(a.Tensors))
	var worst float64
	for _, tensor := range a.Tensors {
		other, ok := b.Tensor(tensor.Name)
		require.True(t, ok)
		want, got := decode(t, a, tensor), decode(t, b, other)
		var square, apart float64
		for i := range want {
			square += float64(want[i]) * float64(want[i])
			apart += float64(want[i]-got[i]) * float64(want[i]-got[i])
		}
		worst = max(worst, math.Sqrt(apart/square))
	}
	return worst
}

func decode(t *testing.T, g *gguf.File, tensor gguf.Tensor) []float32 {
	t.Helper()
	raw, err := io.ReadAll(g.Data(tensor))
	require.NoError(t, err)
	values := make([]float32, tensor.Elements())
	require.NoError(t, gguf.Decode(values, raw, tensor.Type))
	return values
}
