package sdk

import (
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

// maxHeld bounds the pieces that wait for an earlier one.
const maxHeld = 4096

// assembler puts the pieces of one answer in order and drops repeats. The zero value is ready.
type assembler struct {
	next int32
	held map[int32]string
	sent strings.Builder
}

// add returns the texts that are in order now.
func (a *assembler) add(chunks []*event.AnswerChunk) []string {
	var ready []string
	for _, c := range chunks {
		if c.GetIndex() < a.next || c.GetIndex() > a.next && len(a.held) >= maxHeld {
			continue
		}
		if a.held == nil {
			a.held = map[int32]string{}
		}
		if _, repeat := a.held[c.GetIndex()]; !repeat {
			a.held[c.GetIndex()] = c.GetText()
		}
		for text, ok := a.held[a.next]; ok; text, ok = a.held[a.next] {
			delete(a.held, a.next)
			a.next++
			if text != "" {
				a.sent.WriteString(text)
				ready = append(ready, text)
			}
		}
	}
	return ready
}

// rest is what the answer has beyond the pieces that were handed over: answers and chunks travel on two topics, so
// the answer may overtake the last pieces, and chunks are kept for a short time only. It is empty when the pieces are
// no beginning of the answer.
func (a *assembler) rest(answer string) string {
	if rest, ok := strings.CutPrefix(answer, a.sent.String()); ok {
		return rest
	}
	return ""
}
