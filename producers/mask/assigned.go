package mask

import "strings"

const (
	maxName   = 32  // bytes before = or : in which the name is looked for
	maxSecret = 256 // bytes of a value
	minSecret = 6
)

// assigned recognises password=..., "api_key": "..." and the like: a value of letters with digits or signs, which no
// word of a sentence has.
func (sc *scanner) assigned() (Match, bool) {
	if !sc.namesSecret() {
		return Match{}, false
	}
	start := sc.at + 1
	for start < len(sc.s) && start-sc.at < 5 && strings.IndexByte(" \"'\\", sc.s[start]) >= 0 {
		start++
	}
	end, letter, other := start, false, false
	for end < len(sc.s) && end-start < maxSecret && sc.s[end] > ' ' && sc.s[end] < 0x7f && strings.IndexByte("\"'`\\,;&()[]{}<>", sc.s[end]) < 0 {
		letter = letter || isLetter(sc.s[end])
		other = other || isDigit(sc.s[end]) || strings.IndexByte("!#$%*^~?", sc.s[end]) >= 0
		end++
	}
	for end > start && strings.IndexByte(".:?", sc.s[end-1]) >= 0 {
		end--
	}
	if end-start < minSecret || !letter || !other || strings.HasPrefix(sc.s[start:end], "//") {
		return Match{}, false
	}
	return Match{Secret, start, end}, true
}

// namesSecret says whether the word before the current byte names a secret.
func (sc *scanner) namesSecret() bool {
	name := strings.ToLower(strings.TrimRight(sc.s[max(0, sc.at-maxName):sc.at], " \"'\\"))
	for _, word := range []string{"password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "apikey", "api-key", "api key", "access_key", "access-key", "accesskey", "private_key"} {
		if strings.HasSuffix(name, word) {
			return true
		}
	}
	return false
}

const maxCredentials = 128

// urlPassword recognises the password in scheme://user:password@host, from the @ back.
func (sc *scanner) urlPassword() (Match, bool) {
	low, colon := max(sc.floor, sc.at-maxCredentials), -1
	for i := sc.at - 1; i >= low; i-- {
		switch c := sc.s[i]; {
		case c == '/':
			found := colon >= 0 && colon+1 < sc.at && strings.HasSuffix(sc.s[:i+1], "://")
			return Match{Secret, colon + 1, sc.at}, found
		case c == ':':
			colon = i
		case c <= ' ' || c == '"' || c == '\\' || c == '@':
			return Match{}, false
		}
	}
	return Match{}, false
}
