package openai

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	// maxActions bounds the actions of one completion: what comes after is babble.
	maxActions = 8
	// maxNonsense bounds how much of a completion that makes no sense is repeated to the model.
	maxNonsense = 2 << 10

	form = " Write either a line \"" + actionMark + "\" with the name of one tool and a line \"" + inputMark + "\" with JSON, or \"" + finalMark + "\" and the answer."
)

// parse reads a completion of the text protocol. What follows an invented observation is cut off; text without any mark
// is a final answer; and what is neither becomes a call that says so.
func parse(text, finish string) llm.Response {
	think, said := unthought(text)
	if i := strings.Index(said, observeMark); i >= 0 {
		said = said[:i]
	}
	// Whichever mark comes first decides: models like to go on after their action.
	mark, at, found := first(said, 0, inputMark, actionMark, finalMark)
	out := llm.Response{Thought: think}
	if found {
		out.Thought = strings.TrimSpace(think + "\n" + bare(said[:at.line]))
	}
	switch {
	case found && mark == finalMark:
		out.Text = strings.TrimSpace(said[at.end:])
	case found && mark == actionMark:
		return actions(said, at, out)
	case found:
		return nonsense(text, "it has an input but names no tool.")
	case finish == finishLength:
		return nonsense(text, "it was cut off before it came to one.")
	default:
		out.Text = bare(said)
	}
	if out.Text == "" {
		return nonsense(text, "it is empty.")
	}
	return out
}

// bare is a text without the thought's mark.
func bare(text string) string {
	text = strings.TrimSpace(text)
	if p, ok := find(text, thoughtMark, 0); ok && p.line == 0 {
		return strings.TrimSpace(text[p.end:])
	}
	return text
}

func nonsense(text, why string) llm.Response {
	return llm.Response{Thought: llm.Clip(strings.TrimSpace(text), maxNonsense), Calls: []llm.Call{invalid("", "", "Your message is neither an action nor a final answer: "+why+form)}}
}

func invalid(tool, arguments, why string) llm.Call {
	raw, _ := json.Marshal(llm.Clip(arguments, maxNonsense)) //nolint:errchkjson // a string always has a JSON form
	return llm.Call{Tool: llm.Clip(tool, 100), Arguments: raw, Invalid: why}
}

// actions reads "Action: name\nAction Input: {...}", once or several times.
func actions(text string, at place, out llm.Response) llm.Response {
	for more := true; more && len(out.Calls) < maxActions; {
		mark, next, found := first(text, lineAfter(text, at), actionMark, finalMark, thoughtMark)
		end := len(text)
		if found {
			end = next.line
		}
		name, input := action(text[at.end:end])
		if strings.EqualFold(name, strings.TrimSuffix(finalMark, ":")) && len(out.Calls) == 0 && input != "" {
			out.Text = input // a tool of that name is how some models answer
			return out
		}
		out.Calls = append(out.Calls, call(name, input))
		if found && mark == thoughtMark {
			mark, next, found = first(text, next.end, actionMark, finalMark)
		}
		more, at = found && mark == actionMark, next
	}
	return out
}

// lineAfter is the beginning of the line after a mark's.
func lineAfter(text string, at place) int {
	if i := strings.IndexByte(text[at.end:], '\n'); i >= 0 {
		return at.end + i + 1
	}
	return len(text)
}

// action parts the name of a tool from its input.
func action(text string) (name, input string) {
	name, rest, _ := strings.Cut(text, "\n")
	if p, ok := find(rest, inputMark, 0); ok {
		input = strings.TrimSpace(rest[p.end:])
	}
	return strings.Trim(strings.TrimSpace(name), "`*\"'[]"), input
}

func call(name, input string) llm.Call {
	if name == "" || strings.EqualFold(name, "none") {
		return invalid("", input, "Your action names no tool."+form)
	}
	plain := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(input, "```json"), "```"), "```"))
	var value json.RawMessage
	err := json.NewDecoder(strings.NewReader(plain)).Decode(&value)
	switch {
	case err == nil:
		return llm.Call{Tool: name, Arguments: value}
	case errors.Is(err, io.EOF):
		return llm.Call{Tool: name, Arguments: json.RawMessage("{}")}
	default:
		return invalid(name, input, "The input of "+name+" is no JSON: "+err.Error()+".")
	}
}
