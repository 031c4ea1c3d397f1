package openai

import "strings"

// answerStream passes on what follows "Final Answer:" and nothing else.
type answerStream struct {
	emit func(string)
	text strings.Builder
	line int // where the last line begins that was looked at
	sent int // bytes of text that were passed on or skipped
	open bool
	shut bool
}

// add takes the next piece of the completion.
func (s *answerStream) add(piece string) {
	s.text.WriteString(piece)
	if s.emit == nil || s.shut {
		return
	}
	all := s.text.String()
	if !s.open && !s.begin(all) {
		return
	}
	rest := all[s.sent:]
	if i := strings.Index(rest, observeMark); i >= 0 {
		rest, s.shut = rest[:i], true
	}
	// White space and the beginning of a mark are held back: they may be the end of the answer.
	keep := held(rest)
	if s.shut {
		rest, keep = strings.TrimRight(rest, " \n"), 0
	}
	if out := rest[:len(rest)-keep]; out != "" {
		s.emit(out)
		s.sent += len(out)
	}
}

// begin looks for the mark in the lines that are new. An action before it means that this is no final answer.
func (s *answerStream) begin(all string) bool {
	if s.line == 0 && strings.HasPrefix(strings.TrimSpace(all), thinkOpen) {
		i := strings.Index(all, thinkClose)
		if i < 0 {
			return false
		}
		s.line = i + len(thinkClose)
	}
	mark, at, found := first(all, s.line, actionMark, inputMark, finalMark)
	if !found {
		s.line = max(s.line, strings.LastIndexByte(all, '\n')+1)
		return false
	}
	if mark != finalMark {
		s.shut = true
		return false
	}
	rest := strings.TrimLeft(all[at.end:], " \n")
	if rest == "" || strings.HasPrefix(bold, rest) {
		return false
	}
	s.open, s.sent = true, len(all)-len(rest)
	return true
}

// finish passes on what was held back, and the whole of an answer that came without a mark.
func (s *answerStream) finish(answer string) {
	if s.emit == nil || answer == "" {
		return
	}
	if !s.open {
		s.emit(answer)
		return
	}
	_, at, _ := first(s.text.String(), s.line, finalMark)
	all := s.text.String()
	begin := strings.TrimLeft(all[at.end:], " \n")
	done := s.sent - (len(all) - len(begin))
	if done < len(answer) {
		s.emit(answer[done:])
	}
}

// held is how many bytes at the end could still turn out not to belong to the answer.
func held(text string) int {
	for i := range len(observeMark) {
		if n := len(observeMark) - 1 - i; n <= len(text) && strings.HasSuffix(text, observeMark[:n]) {
			rest := strings.TrimRight(text[:len(text)-n], " \n")
			return len(text) - len(rest)
		}
	}
	return 0
}
