package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/ragline/ragline/schemas/event"
)

// fromHTML keeps the words and the outline: headings and list items become Markdown. It reads tokens, not a tree,
// so that no nesting is too deep.
func fromHTML(_ string, raw []byte) (*event.DocumentChanged, error) {
	if _, err := plain(raw); err != nil {
		return nil, err
	}
	p := page{tokens: html.NewTokenizer(bytes.NewReader(raw))}
	for {
		switch p.tokens.Next() {
		case html.ErrorToken:
			if err := p.tokens.Err(); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("reading HTML: %w", err)
			}
			return p.document(), nil
		case html.TextToken:
			p.text(string(p.tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			p.open(p.tokens.Token())
		case html.EndTagToken:
			p.close(p.tokens.Token())
		}
	}
}

// page collects the text of an HTML file.
type page struct {
	tokens         *html.Tokenizer
	title, out     strings.Builder
	hidden         int // depth of elements whose text is not shown
	inTitle, inPre bool
	fresh          bool // at the start of a line
}

func (p *page) open(t html.Token) {
	switch t.DataAtom {
	case atom.Title:
		p.inTitle = p.title.Len() == 0
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg:
		if t.Type == html.StartTagToken {
			p.hidden++
		}
	case atom.Pre:
		p.inPre = true
		p.block("")
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.block(strings.Repeat("#", int(t.Data[1]-'0')) + " ")
	case atom.Li:
		p.line("- ")
	case atom.Br, atom.Tr, atom.Dt, atom.Dd:
		p.line("")
	case atom.Td, atom.Th:
		p.text(" ")
	default:
		if blocks[t.DataAtom] {
			p.block("")
		}
	}
}

func (p *page) close(t html.Token) {
	switch t.DataAtom {
	case atom.Title:
		p.inTitle = false
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg:
		p.hidden = max(p.hidden-1, 0)
	case atom.Pre:
		p.inPre = false
		p.block("")
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.block("")
	default:
		if blocks[t.DataAtom] {
			p.block("")
		}
	}
}

// blocks are the elements that start and end paragraphs.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true,
	atom.Main: true, atom.Aside: true, atom.Nav: true, atom.Ul: true, atom.Ol: true, atom.Dl: true, atom.Table: true,
	atom.Blockquote: true, atom.Figure: true, atom.Figcaption: true, atom.Hr: true, atom.Form: true, atom.Body: true,
}

var spaces = regexp.MustCompile(`\s+`)

func (p *page) text(text string) {
	switch {
	case p.inTitle:
		p.title.WriteString(text)
	case p.hidden > 0:
	case p.inPre:
		p.write(text)
	default:
		text = spaces.ReplaceAllString(text, " ")
		if p.fresh {
			text = strings.TrimLeft(text, " ")
		}
		p.write(text)
	}
}

func (p *page) block(prefix string) { p.start("\n\n" + prefix) }
func (p *page) line(prefix string)  { p.start("\n" + prefix) }

func (p *page) start(line string) {
	p.out.WriteString(line)
	p.fresh = true
}

func (p *page) write(text string) {
	if text != "" {
		p.out.WriteString(text)
		p.fresh = false
	}
}

var (
	lineEnds   = regexp.MustCompile(`[ \t]+\n`)
	emptyLines = regexp.MustCompile(`\n{3,}`)
)

func (p *page) document() *event.DocumentChanged {
	text := emptyLines.ReplaceAllString(lineEnds.ReplaceAllString(p.out.String(), "\n"), "\n\n")
	d := &event.DocumentChanged{
		MediaType: "text/markdown",
		Title:     strings.TrimSpace(spaces.ReplaceAllString(p.title.String(), " ")),
		Text:      strings.TrimSpace(text) + "\n",
	}
	if m := heading.FindStringSubmatch(d.Text); d.Title == "" && m != nil {
		d.Title = m[1]
	}
	return d
}
