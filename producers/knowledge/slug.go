package knowledge

import (
	"path"
	"regexp"
	"strings"
)

// idPattern keeps ids usable as citations: [id].
var idPattern = regexp.MustCompile(`^[\pL\pN][\pL\pN._:/-]{0,199}$`)

var notInSlug = regexp.MustCompile(`[^\pL\pN]+`)

// slug is the id of a document without one: its path in lower case, without the extension.
// "Guides/API 624.md" becomes "guides-api-624".
func slug(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
	s := strings.Trim(notInSlug.ReplaceAllString(name, "-"), "-")
	for len(s) > 200 { // whole characters
		runes := []rune(s)
		s = string(runes[:len(runes)-1])
	}
	return s
}
