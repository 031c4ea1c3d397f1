package picture

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

const (
	nameSize   = 15.0
	detailSize = 12.0
	lineHeight = 1.35 // of the size
	// A line has at most lineLength characters and a text maxLines lines.
	lineLength = 36
	maxLines   = 6
)

// line is a line of text with its width.
type line struct {
	text  string
	size  float64
	color string
	width float64
}

// block is lines below each other.
type block struct {
	lines         []line
	width, height float64
}

// typesetter measures text in the font of the pictures.
type typesetter struct {
	font  *opentype.Font
	faces map[float64]font.Face
}

func newTypesetter() *typesetter {
	return &typesetter{font: must(opentype.Parse(goregular.TTF)), faces: map[float64]font.Face{}}
}

// must is for the font, which is part of the program.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// face returns the font at a size in pixels.
func (t *typesetter) face(size float64) font.Face {
	if _, ok := t.faces[size]; !ok {
		t.faces[size] = must(opentype.NewFace(t.font, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone}))
	}
	return t.faces[size]
}

func (t *typesetter) block(text string, size float64, color string) block {
	var b block
	for _, l := range wrap(printable(text)) {
		b.lines = append(b.lines, line{text: l, size: size, color: color, width: t.width(l, size)})
	}
	return b.measured()
}

func (t *typesetter) width(text string, size float64) float64 {
	return float64(font.MeasureString(t.face(size), text)) / 64
}

func (b block) measured() block {
	b.width, b.height = 0, 0
	for _, l := range b.lines {
		b.width = max(b.width, l.width)
		b.height += l.size * lineHeight
	}
	return b
}

func (t *typesetter) label(text string) block {
	b := t.block(text, detailSize, colorText)
	b.width += 2 * labelPad
	return b
}

// node sets the name, what is known of the node, and where it stops.
func (t *typesetter) node(n Node) nodeBox {
	b := t.block(n.name(), nameSize, colorText)
	var notes []block
	for _, key := range slices.Sorted(maps.Keys(n.Metadata)) {
		notes = append(notes, t.block(key+" = "+n.Metadata[key], detailSize, colorQuiet))
	}
	if n.Defer {
		notes = append(notes, t.block("deferred", detailSize, colorQuiet))
	}
	if n.Interrupt != "" {
		notes = append(notes, t.block("interrupt "+strings.ReplaceAll(n.Interrupt, ",", ", "), detailSize, colorStop))
	}
	for _, note := range notes {
		b.lines = append(b.lines, note.lines...)
	}
	b = b.measured()
	return nodeBox{block: b, width: b.width + 2*nodePadX, height: b.height + 2*nodePadY}
}

// printable leaves no character that a reader cannot see, or that would turn the text around.
func printable(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		const joiner = '\u200d'
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r), r == joiner:
			return r
		}
		return unicode.ReplacementChar
	}, text)), " ")
}

// wrap breaks after spaces and punctuation, and anywhere in what is too long without.
func wrap(text string) []string {
	runes := []rune(text)
	var out []string
	for len(runes) > lineLength && len(out) < maxLines {
		at := lineLength
		for i := lineLength; i > lineLength/3; i-- {
			if strings.ContainsRune(" _-./:,;", runes[i-1]) {
				at = i
				break
			}
		}
		out = append(out, strings.TrimSpace(string(runes[:at])))
		runes = runes[at:]
	}
	if len(out) == maxLines {
		out[maxLines-1] += " …"
		return out
	}
	return append(out, string(runes))
}
