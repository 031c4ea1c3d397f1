package term

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
)

// Printer writes to one stream.
type Printer struct {
	w      io.Writer
	colour bool
	tty    bool
}

// New returns a printer. It colours only terminals, and only where NO_COLOR is unset.
func New(w io.Writer) *Printer {
	f, ok := w.(*os.File)
	tty := ok && isatty.IsTerminal(f.Fd())
	return &Printer{w: w, tty: tty, colour: tty && os.Getenv("NO_COLOR") == ""}
}

// Terminal says whether a person is watching.
func (p *Printer) Terminal() bool { return p.tty }

// Writer returns the stream.
func (p *Printer) Writer() io.Writer { return p.w }

// Linef prints one line.
func (p *Printer) Linef(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// JSON prints a value for scripts, one document on indented lines. An empty list is [], however it was made.
func (p *Printer) JSON(v any) error {
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.IsNil() {
		v = []struct{}{}
	}
	enc := json.NewEncoder(p.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return nil
}

// Colours of a terminal, by what they mean.
func (p *Printer) Good(s string) string { return p.paint("32", s) }

// Bad marks what failed.
func (p *Printer) Bad(s string) string { return p.paint("31", s) }

// Odd marks what deserves a look.
func (p *Printer) Odd(s string) string { return p.paint("33", s) }

// Dim marks what can be skipped.
func (p *Printer) Dim(s string) string { return p.paint("2", s) }

// Bold marks what to read first.
func (p *Printer) Bold(s string) string { return p.paint("1", s) }

func (p *Printer) paint(code, s string) string {
	if !p.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Table prints rows under a header, columns aligned. Cells are cleaned and cut to one line of 80 characters.
func (p *Printer) Table(header []string, rows [][]string) {
	widths := make([]int, len(header))
	clean := make([][]string, 0, len(rows)+1)
	clean = append(clean, header)
	for _, row := range rows {
		cells := make([]string, len(header))
		for i := range cells {
			if i < len(row) {
				cells[i] = indent(row[i]) + Cut(row[i], 80)
			}
		}
		clean = append(clean, cells)
	}
	for _, row := range clean {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, row := range clean {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		text := line.String()
		if n == 0 {
			text = p.Dim(text)
		}
		p.Linef("%s", text)
	}
}

// indent returns the spaces that a cell begins with: they show depth.
func indent(s string) string { return s[:len(s)-len(strings.TrimLeft(s, " "))] }

// Clean removes control characters, escape sequences and marks that reorder text. Line breaks stay.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return -1
		default:
			return r
		}
	}, s)
}

// Cut returns s cleaned, on one line, with at most n characters.
func Cut(s string, n int) string {
	s = strings.Join(strings.Fields(Clean(s)), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
