package retrieval

import (
	"strings"
	"unicode/utf8"
)

// maxPassage is the length in bytes up to which paragraphs of a section are joined into one passage.
const maxPassage = 1200

// Document is what the index knows of a document.
type Document struct {
	ID    string
	Title string
	Text  string
	URI   string
}

// Passage is a part of a document that was found.
type Passage struct {
	DocumentID string
	Title      string
	// Heading is the nearest heading above, when it says more than the title.
	Heading string
	Text    string
	URI     string
	// Score orders the passages of one search.
	Score float64
}

// passages cuts a document at headings and, where a section is long, at paragraphs.
func (d Document) passages() []Passage {
	var out []Passage
	heading := ""
	var body strings.Builder
	flush := func() {
		if body.Len() == 0 {
			return
		}
		p := Passage{DocumentID: d.ID, Title: d.Title, Text: body.String(), URI: d.URI}
		if heading != d.Title {
			p.Heading = heading
		}
		out = append(out, p)
		body.Reset()
	}
	for _, par := range paragraphs(d.Text) {
		if title, ok := headingOf(par); ok {
			flush()
			heading = title
			continue
		}
		for _, part := range split(par) {
			if body.Len() > 0 && body.Len()+len(part) > maxPassage {
				flush()
			}
			if body.Len() > 0 {
				body.WriteString("\n\n")
			}
			body.WriteString(part)
		}
	}
	flush()
	return out
}

// split cuts a paragraph that is too long for a passage, at the end of a sentence or line where there is one.
func split(par string) []string {
	var out []string
	for len(par) > 2*maxPassage {
		at := strings.LastIndexAny(par[:maxPassage], "\n")
		if dot := strings.LastIndex(par[:maxPassage], ". "); dot > at {
			at = dot + 1
		}
		if at <= 0 {
			at = maxPassage
			for !utf8.RuneStart(par[at]) {
				at--
			}
		}
		out = append(out, strings.TrimSpace(par[:at]))
		par = strings.TrimSpace(par[at:])
	}
	return append(out, par)
}

// paragraphs splits at blank lines and around heading lines.
func paragraphs(text string) []string {
	var out []string
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			out = append(out, strings.Join(lines, "\n"))
			lines = nil
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		_, heading := headingOf(line)
		if line == "" || heading {
			flush()
		}
		if line != "" {
			lines = append(lines, line)
		}
		if heading {
			flush()
		}
	}
	flush()
	return out
}

func headingOf(line string) (string, bool) {
	rest := strings.TrimLeft(line, "#")
	level := len(line) - len(rest)
	if level == 0 || level > 6 || !strings.HasPrefix(rest, " ") || strings.Contains(rest, "\n") {
		return "", false
	}
	return strings.TrimSpace(rest), true
}
