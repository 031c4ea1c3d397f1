package statement

import "strings"

// Offence names what a read-only user may not write, or is empty.
//
// In libchdb the function file() reads any file of the machine, and readonly=1 does not stop it;
// nor does it stop DESCRIBE of a table function. There is no setting that does.
// So this reads the text as the engine's lexer would and refuses everything the two might read differently:
// a word that hides from us would be a word the engine runs.
// params are the values bound to the statement's placeholders: {f:Identifier} can name a function too.
func Offence(sql string, params map[string]string) string {
	l := &lexer{sql: sql}
	first := l.next()
	var last token
	for t := first; t.kind != kindEnd; t = l.next() {
		if what := tokenOffence(t); what != "" {
			return what
		}
		if last.text == ":" && t.is("Identifier") {
			if what := paramOffence(params); what != "" {
				return what
			}
		}
		if first.isAny("DESCRIBE", "DESC") && t.text == "(" && t.depth == 0 && last.names() && !last.isAny("DESCRIBE", "DESC", "TABLE") {
			return "DESCRIBE of a table function"
		}
		if first.is("EXISTS") && (t.text == "{" || strings.Contains(t.text, "/")) {
			return "EXISTS of a path"
		}
		last = t
	}
	return ""
}

// paramOffence looks at all values, because which one is the identifier's is the engine's to say.
func paramOffence(params map[string]string) string {
	for _, value := range params {
		if strings.Contains(value, `\`) {
			return "an escape beside an Identifier parameter"
		}
		if what := nameOffence(strings.Trim(value, " \t\r\n`\"")); what != "" {
			return what
		}
	}
	return ""
}

func (t token) names() bool { return t.kind == kindWord || t.kind == kindQuoted }

func tokenOffence(t token) string {
	switch {
	case t.kind == kindQuoted && t.text[0] == '\'':
		return "" // a string, whatever is in it
	case t.kind == kindQuoted && t.text[0] == '$':
		return "a $heredoc$"
	case t.kind == kindQuoted && strings.Contains(t.text, `\`):
		return "an escape in a quoted name"
	case t.kind == kindQuoted:
		return nameOffence(strings.Trim(t.text, "`\""))
	case strings.ContainsFunc(t.text, oddOutsideQuotes):
		return "the character " + t.text
	}
	return nameOffence(t.text)
}

// nameOffence refuses the name anywhere, not only before a bracket: APPLY(file) and arrayMap(file, x) call it too.
func nameOffence(name string) string {
	for _, reader := range []string{"file", "catboostEvaluate"} {
		if strings.EqualFold(name, reader) {
			return "the name " + name
		}
	}
	return ""
}

func oddOutsideQuotes(r rune) bool { return r < ' ' || r > '~' || r == '$' }
