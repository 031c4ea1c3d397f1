package react_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm/price"
	"github.com/ragline/ragline/consumers/internal/llm/provider"
)

const packDir = "../../../deploy/domain/jdjones"

// bench answers questions on the demo pack, in memory.
type bench struct {
	deps  react.Deps
	store *checkpoint.Memory
	pack  *domain.Pack
}

func setup(t testing.TB) *bench {
	t.Helper()
	pack, err := domain.Load(packDir)
	require.NoError(t, err)
	index, err := retrieval.NewIndex()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, index.Close()) })
	for _, d := range documents(t, pack.DocumentsDir) {
		require.NoError(t, index.Put(d))
	}
	require.NoError(t, index.Flush())
	model, err := provider.New(provider.Config{Provider: provider.Extractive, Timeout: time.Minute, Attempts: 1}, pack, nil)
	require.NoError(t, err)
	prices, err := price.Builtin()
	require.NoError(t, err)
	store := checkpoint.NewMemory()
	b := &bench{store: store, pack: pack, deps: react.Deps{
		Model: model, Prices: prices, NotFound: pack.NotFound, Reviews: true, Receipt: store.Receipt, Commit: store.Commit, Now: time.Now,
	}}
	b.tools(tool.Search(index), tool.Lookup(pack), tool.Quotation(pack), tool.Enquiry())
	return b
}

func (b *bench) tools(list ...tool.Tool) { b.deps.Tools = func() []tool.Tool { return list } }

// documents reads the pack's Markdown with its front matter.
func documents(t testing.TB, dir string) []retrieval.Document {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []retrieval.Document
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		parts := strings.SplitN(string(raw), "---\n", 3)
		require.Len(t, parts, 3, f)
		var front struct{ ID, Title string }
		require.NoError(t, yaml.Unmarshal([]byte(parts[1]), &front))
		out = append(out, retrieval.Document{ID: front.ID, Title: front.Title, Text: parts[2]})
	}
	return out
}

func (b *bench) engine(t testing.TB) *graph.Engine {
	t.Helper()
	e, err := graph.NewEngine(react.New(b.deps), b.store, graph.Config{})
	require.NoError(t, err)
	return e
}

// request accepts a question as a run of its own thread.
func (b *bench) request(t testing.TB, id, question string, maxSteps int) graph.Request {
	t.Helper()
	return b.requestOn(t, id, id, question, maxSteps)
}

// requestOn accepts a question as a run of a thread.
func (b *bench) requestOn(t testing.TB, thread, id, question string, maxSteps int) graph.Request {
	t.Helper()
	_, err := b.store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: thread}})
	require.NoError(t, err)
	input, err := react.Input(react.Run{QueryID: id, ThreadID: thread, TraceID: "trace", MaxSteps: maxSteps}, question)
	require.NoError(t, err)
	return graph.Request{ThreadID: thread, RunID: id, Input: input}
}

func (b *bench) ask(t testing.TB, question string) react.Result {
	t.Helper()
	out, err := b.engine(t).Run(t.Context(), b.request(t, question, question, 10))
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusDone, out.Status)
	r, err := react.ReadResult(out.State)
	require.NoError(t, err)
	return r
}

func TestSeedsAreAnsweredFromTheirDocuments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, seed := range b.pack.Seeds {
		t.Run(seed.ID, func(t *testing.T) {
			t.Parallel()
			r := b.ask(t, seed.Question)
			t.Logf("%s\n  %s", seed.Question, r.Answer)
			if !seed.Answerable {
				require.Equal(t, react.StateNotFound, r.State)
				return
			}
			require.Equal(t, react.StateAnswered, r.State)
			cited := false
			for _, d := range seed.Documents {
				cited = cited || strings.Contains(r.Answer, "["+d+"]")
			}
			require.True(t, cited, "cites one of %v", seed.Documents)
		})
	}
}

func TestSampleQuestionsGetWhatTheyExpect(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, q := range b.pack.Questions {
		t.Run(q.ID, func(t *testing.T) {
			t.Parallel()
			r := b.ask(t, q.Question)
			t.Logf("%s\n  %s", q.Question, r.Answer)
			for _, want := range q.Expect.Contains {
				require.Contains(t, r.Answer, want)
			}
			if q.Expect.Answerable {
				require.Contains(t, r.Answer, "["+q.Expect.Document+"]")
			} else {
				require.Equal(t, react.StateNotFound, r.State)
			}
		})
	}
}
