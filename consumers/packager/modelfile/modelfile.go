package modelfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sentinels of this package.
var (
	ErrStyle = errors.New("unknown template style")
	ErrQuote = errors.New(`a Modelfile cannot hold a text with """`)
)

const (
	quotes        = `"""`
	minContext    = 2048 // Ollama's own default
	contextOption = "num_ctx"
	stopOption    = "stop"
)

// Spec says what a Modelfile is for.
type Spec struct {
	// From is the path of the GGUF, beside the Modelfile.
	From string
	// Style of training's chat template.
	Style string
	// Stop are further words that end an answer, as training's tokenizer has them.
	Stop []string
	// System message of conversations that have none.
	System string
	// MaxLength of training, in tokens.
	MaxLength int
}

// File is a Modelfile. Its fields go to Ollama; its text is for people and for `ollama create`.
type File struct {
	From, Template, System string
	Stop                   []string
	Context                int
}

// New makes the Modelfile.
func New(s Spec) (File, error) {
	st, known := styles[s.Style]
	if !known {
		return File{}, fmt.Errorf("%w: %q; known are %s", ErrStyle, s.Style, strings.Join(Styles(), ", "))
	}
	f := File{From: s.From, Template: st.template, System: s.System, Context: max(minContext, s.MaxLength)}
	for _, word := range slices.Concat(st.stop, s.Stop) {
		if word != "" && !slices.Contains(f.Stop, word) {
			f.Stop = append(f.Stop, word)
		}
	}
	for _, text := range append([]string{f.Template, f.System}, f.Stop...) {
		// Ollama's parser ends a text at the first three quotes, and takes a quote at the end for one of them.
		if strings.Contains(text, quotes) || strings.HasSuffix(text, `"`) {
			return File{}, fmt.Errorf("%w: %.40q", ErrQuote, text)
		}
	}
	return f, nil
}

// Parameters are the parameters as Ollama's API takes them.
func (f File) Parameters() map[string]any {
	return map[string]any{stopOption: f.Stop, contextOption: f.Context}
}

// String is the text of the file.
func (f File) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "FROM %s\n", f.From)
	fmt.Fprintf(&b, "TEMPLATE %s%s%s\n", quotes, f.Template, quotes)
	if f.System != "" {
		fmt.Fprintf(&b, "SYSTEM %s%s%s\n", quotes, f.System, quotes)
	}
	for _, word := range f.Stop {
		fmt.Fprintf(&b, "PARAMETER %s %s%s%s\n", stopOption, quotes, word, quotes)
	}
	fmt.Fprintf(&b, "PARAMETER %s %s\n", contextOption, strconv.Itoa(f.Context))
	return b.String()
}
