package knowledge_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/schemas/event"
)

func TestEachTypeOfFileBecomesADocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write(t, "05-api-624.md", "\xef\xbb\xbf---\r\nid: api-624\ntitle: \"API 624\"\nedition: 2014-02-01\nfacts: [1, 2]\nstable: true\n---\n\n# API 624: valves\n\nAt most 100 ppmv.\n")
	b.write(t, "Guides/Packing Guide.md", "# Packing rings\n\n---\n\nUse five rings.\n")
	b.write(t, "notes.txt", "Plain notes.\n")
	b.write(t, "page.html", `<!doctype html><html><head><title>Gasket &amp; flange</title><style>p{}</style></head><body><script>alert("no")</script>
		<h1>Gaskets</h1><p>Use   <b>spiral</b>
		wound.</p><ul><li>SWG<li>kammprofile</ul><pre>  a
    b</pre>&amp;lt;</body></html>`)
	b.write(t, "sheet.pdf", makePDF("Leak at most 100 ppmv"))
	report := b.ingest(t)
	require.Equal(t, []string{"api-624", "guides-packing-guide", "notes", "page", "sheet"}, report.New)
	require.Empty(t, report.Skipped)

	held, _ := b.held(t)
	d := held["api-624"]
	require.Equal(t, "API 624", d.GetTitle())
	require.Equal(t, "# API 624: valves\n\nAt most 100 ppmv.\n", d.GetText())
	require.Equal(t, "text/markdown", d.GetMediaType())
	require.Equal(t, "file:05-api-624.md", d.GetUri())
	require.Len(t, d.GetContentSha256(), 64)
	require.Equal(t, map[string]string{
		"edition": "2014-02-01", "facts": "[1,2]", "stable": "true",
		"ragline.collection": "documents", "ragline.converter": "1",
	}, d.GetMetadata())
	require.Equal(t, "Packing rings", held["guides-packing-guide"].GetTitle(), "the first heading")
	require.Equal(t, "notes", held["notes"].GetTitle())
	require.Equal(t, "text/plain", held["notes"].GetMediaType())
	require.Equal(t, "Gasket & flange", held["page"].GetTitle())
	require.Equal(t, "# Gaskets\n\nUse spiral wound.\n\n- SWG\n- kammprofile\n\n  a\n    b\n\n&lt;\n", held["page"].GetText())
	require.Equal(t, "Leak limits", held["sheet"].GetTitle())
	require.Equal(t, "Leak at most 100 ppmv\n", held["sheet"].GetText())
}

func TestSecondRunPublishesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write(t, "a.md", "# A\n")
	b.write(t, "b.md", "# B\n")
	require.Equal(t, "2 new, 0 changed, 0 unchanged, 0 removed, 0 skipped", b.ingest(t).String())
	require.Equal(t, []string{"a", "b"}, b.ingest(t).Unchanged)
	_, records := b.held(t)
	require.Equal(t, 2, records)

	b.write(t, "b.md", "# B, revised\n")
	require.Equal(t, []string{"b"}, b.ingest(t).Changed)
	held, records := b.held(t)
	require.Equal(t, 3, records)
	require.Equal(t, "# B, revised\n", held["b"].GetText())
}

func TestPruneRemovesWhatItsFolderLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"keep.md", "lost.md", "broken.md"} {
		b.write(t, name, "# "+name+"\n")
	}
	b.ingest(t)
	publisher, err := b.broker.Publisher()
	require.NoError(t, err)
	defer publisher.Close()
	require.NoError(t, publisher.Publish(t.Context(), event.New("ragline/gateway", &event.DocumentChanged{DocumentId: "by-hand", Text: "x"})))

	require.NoError(t, os.Remove(filepath.Join(b.dir, "lost.md")))
	b.write(t, "broken.md", "\xff\xfe")
	require.Empty(t, b.ingest(t).Removed, "only when asked")
	b.opts.Prune = true
	report := b.ingest(t)
	require.Equal(t, []string{"lost"}, report.Removed)
	held, _ := b.held(t)
	require.Len(t, held, 3)
	require.Contains(t, held, "broken", "a file that cannot be read this time is no file that is gone")
	require.Contains(t, held, "by-hand", "another source's document")

	other := b.opts
	other.Collection = "elsewhere"
	report, err = knowledge.Ingest(t.Context(), b.dir, b.broker, other)
	require.NoError(t, err)
	require.Empty(t, report.Removed, "another collection's documents")
}

func TestPruneOfAnEmptyFolderIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write(t, "a.md", "# A\n")
	b.ingest(t)
	require.NoError(t, os.Remove(filepath.Join(b.dir, "a.md")))
	b.opts.Prune = true
	_, err := knowledge.Ingest(t.Context(), b.dir, b.broker, b.opts)
	require.ErrorContains(t, err, "1 would be removed")
	held, _ := b.held(t)
	require.Len(t, held, 1)
}

func TestFilesThatAreNoDocumentsAreSkippedWithAReason(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.Config.MaxFileBytes = 4096
	b.write(t, ".hidden.md", "# hidden\n")
	b.write(t, ".git/x.md", "# hidden\n")
	b.write(t, "a.md", "---\nid: same\n---\ntext\n")
	b.write(t, "b.md", "---\nid: same\n---\ntext\n")
	b.write(t, "binary.txt", "\xff\x00")
	b.write(t, "cut.pdf", makePDF("x")[:200])
	b.write(t, "empty.md", "---\ntitle: nothing\n---\n")
	b.write(t, "image.png", "x")
	b.write(t, "large.txt", strings.Repeat("x", 4097))
	b.write(t, "spaced.md", "---\nid: \"a b\"\n---\ntext\n")
	b.write(t, "yaml.md", "---\n\tid: x\n---\ntext\n")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(b.dir), "secret.md"), []byte("# secret\n"), 0o600))
	require.NoError(t, os.Symlink("../secret.md", filepath.Join(b.dir, "zz-outside.md")))
	require.NoError(t, os.Symlink("a.md", filepath.Join(b.dir, "zz-inside.md")))

	report := b.ingest(t)
	require.Equal(t, []string{"same"}, report.New)
	reasons := map[string]string{}
	for _, s := range report.Skipped {
		reasons[s.Path] = s.Reason
	}
	for path, want := range map[string]string{
		"b.md": "taken by a.md", "binary.txt": "UTF-8", "cut.pdf": "PDF", "empty.md": "no text", "image.png": "not a type of document",
		"large.txt": "RAGLINE_KNOWLEDGE_MAX_FILE", "spaced.md": "no document id", "yaml.md": "front matter",
		"zz-outside.md": "out of the folder", "zz-inside.md": "taken by a.md",
	} {
		require.Contains(t, reasons[path], want, path)
		delete(reasons, path)
	}
	require.Empty(t, reasons)
}

func TestRunsAreBoundedAndReportProgress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"a.md", "b.md", "c.md"} {
		b.write(t, name, "# x\n")
	}
	var seen []knowledge.Progress
	b.opts.Progress = func(p knowledge.Progress) { seen = append(seen, p) }
	b.ingest(t)
	require.Equal(t, []knowledge.Progress{{"a.md", 1, 3}, {"b.md", 2, 3}, {"c.md", 3, 3}}, seen)

	b.opts.Config.MaxFiles = 2
	_, err := knowledge.Ingest(t.Context(), b.dir, b.broker, b.opts)
	require.ErrorContains(t, err, "RAGLINE_KNOWLEDGE_MAX_FILES")
	b.opts.Config.MaxFiles = 0
	_, err = knowledge.Ingest(t.Context(), b.dir, b.broker, b.opts)
	require.ErrorContains(t, err, "RAGLINE_KNOWLEDGE_MAX_FILES")
	b.opts.Config.MaxFiles = 3
	_, err = knowledge.Ingest(t.Context(), filepath.Join(b.dir, "nowhere"), b.broker, b.opts)
	require.ErrorIs(t, err, os.ErrNotExist)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	_, err = knowledge.Ingest(ctx, b.dir, b.broker, b.opts)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDemoDocumentsAreAllTaken(t *testing.T) {
	t.Parallel()
	demo, err := filepath.Abs("../../deploy/domain/jdjones/documents")
	require.NoError(t, err)
	files, err := filepath.Glob(demo + "/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	b := setup(t)
	report, err := knowledge.Ingest(t.Context(), demo, b.broker, b.opts)
	require.NoError(t, err)
	require.Empty(t, report.Skipped)
	require.Len(t, report.New, len(files))
}
