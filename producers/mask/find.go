package mask

import "slices"

// Kind is a kind of personal data.
type Kind string

// Kinds of personal data.
const (
	Email  Kind = "email"
	Phone  Kind = "phone"
	Card   Kind = "card"
	IBAN   Kind = "iban"
	Secret Kind = "secret"
)

const kindCount = 5

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Email, Phone, Card, IBAN, Secret} }

func (k Kind) index() int { return slices.Index(Kinds(), k) }

// Match is a place in a text, in bytes, End exclusive.
type Match struct {
	Kind       Kind
	Start, End int
}

// Find returns what all recognisers find, in order and without overlaps.
func Find(s string) []Match { return find(s, [kindCount]bool{true, true, true, true, true}) }

func find(s string, kinds [kindCount]bool) []Match {
	sc := scanner{s: s}
	var found []Match
	for sc.at < len(s) {
		m, ok := sc.look()
		if !ok {
			sc.skip()
			continue
		}
		// A value of a kind that is off is passed over, not searched for another: half a card may look like a number
		// of a telephone.
		if kinds[m.Kind.index()] {
			found = append(found, m)
		}
		sc.at, sc.floor = m.End, m.End
	}
	return found
}

// scanner walks a text once. Recognisers start at the bytes that may begin a value, or at a byte within it from which
// they look back by a bounded number of bytes.
type scanner struct {
	s  string
	at int
	// floor is where the last match or the last escape ended: no value begins before it, and one may begin right there.
	floor int
	runs  [3]run
}

// look asks the recognisers for a value at the current byte.
func (sc *scanner) look() (Match, bool) {
	switch c := sc.s[sc.at]; {
	case c == '@':
		return first(sc.urlPassword, sc.email)
	case c == ':' || c == '=':
		return sc.assigned()
	case c == '-':
		return sc.privateKey()
	case c == '+' || c == '(' || isDigit(c):
		return sc.numeric()
	case isLetter(c) && sc.fresh():
		return first(sc.iban, sc.token, sc.jwt, sc.bearer)
	default:
		return Match{}, false
	}
}

func first(recognisers ...func() (Match, bool)) (Match, bool) {
	for _, recognise := range recognisers {
		if m, ok := recognise(); ok {
			return m, true
		}
	}
	return Match{}, false
}

// skip moves on: over an escape such as \n or \u003c, whose letters belong to no value; over the rest of a word or a
// number; or over one byte.
func (sc *scanner) skip() {
	rest := sc.s[sc.at:]
	switch {
	case rest[0] == '\\' && len(rest) > 5 && rest[1] == 'u' && isHex(rest[2:6]):
		sc.at += 6
		sc.floor = sc.at
	case rest[0] == '\\' && len(rest) > 1 && rest[1] < 0x80:
		sc.at += 2
		sc.floor = sc.at
	case isAlnum(rest[0]):
		for sc.at < len(sc.s) && isAlnum(sc.s[sc.at]) {
			sc.at++
		}
	default:
		sc.at++
	}
}

// fresh says whether a word begins at the current byte.
func (sc *scanner) fresh() bool {
	return sc.at == sc.floor || !isAlnum(sc.s[sc.at-1]) && sc.s[sc.at-1] != '_'
}

// ends says whether a value may end before i.
func (sc *scanner) ends(i int) bool { return i >= len(sc.s) || !isAlnum(sc.s[i]) && sc.s[i] != '_' }

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
