package openai

import "strings"

// maxPreamble is how much text is held back of a completion that may yet call tools: models like to say what they are about
// to do, and what is passed on cannot be taken back. A longer one is passed on.
const maxPreamble = 160

// preamble passes on the text of a native completion, as it is known to be an answer.
type preamble struct {
	emit func(string)
	held strings.Builder
	open bool
}

// add takes the next piece.
func (p *preamble) add(piece string) {
	if p.emit == nil || piece == "" {
		return
	}
	p.held.WriteString(piece)
	text := p.held.String()
	if !p.open {
		think, rest := unthought(text)
		if text = strings.TrimLeft(rest, " \n\t"); len(text) <= maxPreamble || think != "" && !strings.Contains(p.held.String(), thinkClose) {
			return
		}
		p.open = true
	}
	// White space may be the end of the answer, which has none.
	p.held.Reset()
	said := strings.TrimRight(text, " \n\t\r")
	p.held.WriteString(text[len(said):])
	if said != "" {
		p.emit(said)
	}
}

// finish passes on an answer that was held back as a whole.
func (p *preamble) finish(answer string) {
	if p.emit != nil && !p.open && answer != "" {
		p.emit(answer)
	}
}
