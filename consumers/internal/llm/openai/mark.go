package openai

import "strings"

// The marks of the text protocol. A mark counts where it begins a line, in any case, also in bold or as a heading.
const (
	thoughtMark = "Thought:"
	actionMark  = "Action:"
	inputMark   = "Action Input:"
	observeMark = "Observation:"
	finalMark   = "Final Answer:"

	thinkOpen, thinkClose = "<think>", "</think>"

	decoration = " \t*#>_`"
	bold       = "**"
)

// place is where a mark stands: from the beginning of its line to what follows it.
type place struct{ line, end int }

// find looks for a mark from an offset on, which must begin a line.
func find(text, mark string, from int) (place, bool) {
	for from <= len(text) {
		end := strings.IndexByte(text[from:], '\n')
		if end < 0 {
			end = len(text) - from
		}
		line := text[from : from+end]
		body := strings.TrimLeft(line, decoration)
		if len(body) >= len(mark) && strings.EqualFold(body[:len(mark)], mark) {
			p := place{from, from + len(line) - len(body) + len(mark)}
			if strings.HasSuffix(line[:len(line)-len(body)], bold) {
				p.end += len(body[len(mark):]) - len(strings.TrimPrefix(body[len(mark):], bold))
			}
			return p, true
		}
		from += end + 1
	}
	return place{}, false
}

// first returns the place of whichever mark comes first.
func first(text string, from int, marks ...string) (string, place, bool) {
	best, at, found := "", place{}, false
	for _, m := range marks {
		if p, ok := find(text, m, from); ok && (!found || p.line < at.line) {
			best, at, found = m, p, true
		}
	}
	return best, at, found
}

// unthought parts a reasoning model's <think> from what it says.
func unthought(text string) (think, rest string) {
	inner, ok := strings.CutPrefix(strings.TrimLeft(text, " \t\r\n"), thinkOpen)
	if !ok {
		return "", text
	}
	think, rest, _ = strings.Cut(inner, thinkClose)
	return strings.TrimSpace(think), rest
}
