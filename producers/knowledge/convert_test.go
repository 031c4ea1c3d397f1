package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlugIsUsableAsACitation(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Guides/API 624.md":              "guides-api-624",
		"Ä/Öl & Gas.txt":                 "ä-öl-gas",
		strings.Repeat("ü", 150) + ".md": strings.Repeat("ü", 100),
	} {
		require.Equal(t, want, slug(name))
		require.Regexp(t, idPattern, slug(name))
	}
}

// No file may take the run down: the libraries see hostile input here.
func FuzzConvertersNeverPanic(f *testing.F) {
	for _, seed := range []string{"---\nid: x\n---\n# a\n", "<p>a<pre>b", "%PDF-1.4\n%%EOF", "---\na: &a [*a]\n---\n", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		for _, name := range []string{"a.md", "a.txt", "a.html", "a.pdf"} {
			_, _ = converterOf(name)(name, raw)
		}
	})
}
