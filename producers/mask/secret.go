package mask

import "strings"

// run is a piece of the text without a byte that tokens do not have. It is kept, so that tokens that begin within it
// do not read it again.
type run struct{ start, end, lastDigit int }

// runAt returns the run around i. Each of the slots keeps one: the parts of a JWT are three.
func (sc *scanner) runAt(slot, i int) run {
	if r := sc.runs[slot]; i >= r.start && i < r.end {
		return r
	}
	r := run{start: i, end: i, lastDigit: -1}
	for ; r.end < len(sc.s) && tokenByte(sc.s[r.end]); r.end++ {
		if isDigit(sc.s[r.end]) {
			r.lastDigit = r.end
		}
	}
	sc.runs[slot] = r
	return r
}

func tokenByte(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// tokenPrefix is how the keys of a service begin, and how many bytes follow at least.
type tokenPrefix struct {
	text string
	rest int
}

func tokenPrefixes(first byte) [8]tokenPrefix {
	switch first {
	case 's':
		return [8]tokenPrefix{{"sk-", 20}, {"sk_live_", 16}, {"sk_test_", 16}, {"shpat_", 32}}
	case 'r':
		return [8]tokenPrefix{{"rk_live_", 16}, {"rk_test_", 16}}
	case 'g':
		return [8]tokenPrefix{{"ghp_", 30}, {"gho_", 30}, {"ghu_", 30}, {"ghs_", 30}, {"ghr_", 30}, {"github_pat_", 22}, {"glpat-", 20}, {"gsk_", 30}}
	case 'x':
		return [8]tokenPrefix{{"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, {"xapp-", 10}}
	case 'A':
		return [8]tokenPrefix{{"AKIA", 16}, {"ASIA", 16}, {"AIza", 35}}
	case 'h':
		return [8]tokenPrefix{{"hf_", 30}}
	case 'n':
		return [8]tokenPrefix{{"npm_", 36}}
	case 'p':
		return [8]tokenPrefix{{"pypi-", 50}}
	case 'l':
		return [8]tokenPrefix{{"lsv2_", 30}}
	case 'w':
		return [8]tokenPrefix{{"whsec_", 24}}
	case 'd':
		return [8]tokenPrefix{{"dop_v1_", 40}}
	default:
		return [8]tokenPrefix{}
	}
}

// token recognises keys by the prefix of the service that gave them.
func (sc *scanner) token() (Match, bool) {
	for _, p := range tokenPrefixes(sc.s[sc.at]) {
		if p.text == "" || !strings.HasPrefix(sc.s[sc.at:], p.text) {
			continue
		}
		after := sc.at + len(p.text)
		r := sc.runAt(0, sc.at)
		if r.end-after < p.rest || r.lastDigit < after { // sk-learn-and-other-words is none
			return Match{}, false
		}
		end := r.end
		if p.text == "AKIA" || p.text == "ASIA" {
			end = after + p.rest
			if !sc.ends(end) || strings.ToUpper(sc.s[after:end]) != sc.s[after:end] {
				return Match{}, false
			}
		}
		return Match{Secret, sc.at, end}, true
	}
	return Match{}, false
}

const minJWTPart = 10

// jwt recognises JSON web tokens: two objects in base64 and a signature, which may be empty.
func (sc *scanner) jwt() (Match, bool) {
	if !strings.HasPrefix(sc.s[sc.at:], "eyJ") {
		return Match{}, false
	}
	header := sc.runAt(0, sc.at)
	if header.end-sc.at < minJWTPart || !strings.HasPrefix(sc.s[header.end:], ".eyJ") {
		return Match{}, false
	}
	claims := sc.runAt(1, header.end+1)
	if claims.end-header.end < minJWTPart || claims.end == len(sc.s) || sc.s[claims.end] != '.' {
		return Match{}, false
	}
	return Match{Secret, sc.at, sc.runAt(2, claims.end+1).end}, true
}

const (
	minBearer = 16
	maxBearer = 8 << 10
)

// bearer recognises the token of an Authorization header.
func (sc *scanner) bearer() (Match, bool) {
	const scheme = "bearer "
	rest := sc.s[sc.at:]
	if len(rest) < len(scheme)+minBearer || !strings.EqualFold(rest[:len(scheme)], scheme) {
		return Match{}, false
	}
	start := sc.at + len(scheme)
	end, digit := start, false
	for end < len(sc.s) && end-start < maxBearer && (tokenByte(sc.s[end]) || strings.IndexByte(".~+/=", sc.s[end]) >= 0) {
		digit = digit || isDigit(sc.s[end])
		end++
	}
	if end-start < minBearer || !digit {
		return Match{}, false
	}
	return Match{Secret, start, end}, true
}

// privateKey recognises a private key in PEM, with or without its end.
func (sc *scanner) privateKey() (Match, bool) {
	rest := sc.s[sc.at:]
	const begin, private, end = "-----BEGIN ", "PRIVATE KEY-----", "-----END "
	if !strings.HasPrefix(rest, begin) {
		return Match{}, false
	}
	at := strings.Index(rest[:min(len(rest), 64)], private)
	if at < 0 {
		return Match{}, false
	}
	i := at + len(private)
	for i < len(rest) && (isAlnum(rest[i]) || strings.IndexByte("+/= \t\r\n\\-:,", rest[i]) >= 0) {
		i++
	}
	if last := strings.Index(rest[at+len(private):i], end); last >= 0 {
		last += at + len(private) + len(end)
		if dashes := strings.Index(rest[last:i], "-----"); dashes >= 0 {
			i = last + dashes + len("-----")
		}
	}
	return Match{Secret, sc.at, sc.at + len(strings.TrimRight(rest[:i], " \t\r\n\\,:"))}, true
}
