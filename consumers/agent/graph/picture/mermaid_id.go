package picture

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// entities escapes the characters that would end or change a label of Mermaid's.
func entities(text string) string {
	return strings.NewReplacer(
		"#", "#35;", "[", "#91;", "]", "#93;", "(", "#40;", ")", "#41;", "{", "#123;", "}", "#125;",
		`"`, "#quot;", "<", "#60;", ">", "#62;", "|", "#124;",
	).Replace(text)
}

// safeID writes every character but letters, digits, "_" and "-" as a backslash and its code point.
func safeID(id string) string {
	var out strings.Builder
	for _, r := range id {
		if plain(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, `\%x`, r)
		}
	}
	return out.String()
}

// underscored is LangGraph.js's way; two ids may become one.
func underscored(id string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(id)) {
		if plain(rune(unit)) {
			out.WriteRune(rune(unit))
		} else {
			out.WriteByte('_')
		}
	}
	return out.String()
}

func plain(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
