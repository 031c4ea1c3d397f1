package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLocal  = 64  // bytes before the @, RFC 5321
	maxDomain = 255 // bytes after it
)

// email recognises an address around the @ at the current byte.
func (sc *scanner) email() (Match, bool) {
	start := sc.localStart()
	end := sc.domainEnd()
	if start == sc.at || end == 0 {
		return Match{}, false
	}
	if sc.s[start:sc.at] == "git" && end < len(sc.s) && sc.s[end] == ':' { // git@github.com:owner/name
		return Match{}, false
	}
	return Match{Email, start, end}, true
}

func (sc *scanner) localStart() int {
	start, low := sc.at, max(sc.floor, sc.at-maxLocal)
	for start > low {
		r, size := utf8.DecodeLastRuneInString(sc.s[low:start])
		if !latin(r) && !strings.ContainsRune("0123456789._%+'-", r) {
			break
		}
		start -= size
	}
	for start < sc.at && strings.IndexByte(".'-%+", sc.s[start]) >= 0 {
		start++
	}
	return start
}

// domainEnd returns the end of the name of a host with a top-level domain, or 0.
func (sc *scanner) domainEnd() int {
	domain := sc.s[sc.at+1 : min(len(sc.s), sc.at+1+maxDomain)]
	for i, r := range domain {
		if !latin(r) && !strings.ContainsRune("0123456789.-", r) {
			domain = domain[:i]
			break
		}
	}
	domain = strings.TrimRight(domain, ".-")
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || domain[0] == '.' || domain[0] == '-' || strings.Contains(domain, "..") {
		return 0
	}
	if top := domain[dot+1:]; !topLevel(top) || fileName(top) {
		return 0
	}
	return sc.at + 1 + len(domain)
}

// topLevel: letters only, or an encoded name.
func topLevel(label string) bool {
	if strings.HasPrefix(strings.ToLower(label), "xn--") {
		return true
	}
	return utf8.RuneCountInString(label) >= 2 && !strings.ContainsAny(label, "0123456789-")
}

// fileName: icon@2x.png is no address.
func fileName(extension string) bool {
	switch strings.ToLower(extension) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "css", "html", "json", "pdf", "service":
		return true
	default:
		return false
	}
}

// latin are the letters that addresses are written with. Scripts that set no space between words are left out: the
// word beside an address would belong to it.
func latin(r rune) bool {
	if r < utf8.RuneSelf {
		return isLetter(byte(r))
	}
	return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}
