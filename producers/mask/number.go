package mask

import "strings"

const (
	maxGroups = 10
	maxNumber = 48 // bytes of a number with its separators
)

// number is groups of digits with separators between them, as telephones and cards are written.
type number struct {
	plus, paren bool
	series      bool // another group of digits stands before it
	digits      [maxNumber]byte
	groups      [maxGroups]group
	count       int
}

// group of digits: upTo counts the digits up to its end, end is its place in the text.
type group struct {
	size, upTo, end int
	separator       byte // before it; 0 where there is none
}

// numeric recognises what begins with a digit, a plus or a parenthesis.
func (sc *scanner) numeric() (Match, bool) {
	n, ok := sc.number()
	if !ok {
		return Match{}, false
	}
	if m, ok := sc.card(&n); ok {
		return m, true
	}
	return sc.phone(&n)
}

// number reads digits from the current byte on. ok is false where no number may begin here.
func (sc *scanner) number() (n number, ok bool) {
	if !sc.numberStart() {
		return n, false
	}
	n.series = sc.at-1 > sc.floor && sc.s[sc.at-1] == ' ' && isDigit(sc.s[sc.at-2])
	i, limit := sc.at, min(len(sc.s), sc.at+maxNumber)
	if n.plus = sc.s[i] == '+'; n.plus {
		i++
	}
	var total int
	for n.count < maxGroups {
		from, separator := i, byte(0)
		for i < limit && i-from < 3 && strings.IndexByte(" -./()", sc.s[i]) >= 0 {
			separator = sc.s[i]
			n.paren = n.paren || sc.s[i] == '('
			i++
		}
		first := i
		for i < limit && isDigit(sc.s[i]) {
			n.digits[total] = sc.s[i]
			total++
			i++
		}
		if i == first {
			break
		}
		n.groups[n.count] = group{i - first, total, i, separator}
		n.count++
	}
	return n, n.count > 0
}

// numberStart keeps decimals, parts of identifiers and the middle of longer numbers out.
func (sc *scanner) numberStart() bool {
	if sc.at == sc.floor {
		return true
	}
	before := sc.s[sc.at-1]
	if isAlnum(before) || before == '_' || before == '+' || before >= 0x80 && sc.s[sc.at] == '+' {
		return false
	}
	if sc.at-1 == sc.floor {
		return true
	}
	switch beyond := sc.s[sc.at-2]; before {
	case '-':
		return !isAlnum(beyond)
	case '.', ',', '/':
		return !isDigit(beyond)
	default:
		return true
	}
}

// numberEnd says whether a number may end before i: no digit goes on there, nor decimals, nor a word.
func (sc *scanner) numberEnd(i int) bool {
	if !sc.ends(i) || i < len(sc.s) && sc.s[i] == '@' {
		return false
	}
	return i+1 >= len(sc.s) || strings.IndexByte(".,-/", sc.s[i]) < 0 || !isDigit(sc.s[i+1])
}

// card recognises the number of a payment card: the issuer's digits, the length, the grouping and Luhn's check.
func (sc *scanner) card(n *number) (Match, bool) {
	if !isDigit(sc.s[sc.at]) {
		return Match{}, false
	}
	for k := n.count - 1; k >= 0; k-- {
		digits := n.digits[:n.groups[k].upTo]
		if n.cardGroups(k+1) && issued(digits) && luhn(digits) && sc.numberEnd(n.groups[k].end) {
			return Match{Card, sc.at, n.groups[k].end}, true
		}
	}
	return Match{}, false
}

// cardGroups knows how cards are printed, and numbers in one piece.
func (n *number) cardGroups(k int) bool {
	if k == 1 {
		return true
	}
	shape := make([]byte, 0, maxGroups)
	for _, g := range n.groups[:k] {
		if g.size > 9 || g.separator != 0 && g.separator != ' ' && g.separator != '-' {
			return false
		}
		shape = append(shape, '0'+byte(g.size))
	}
	switch string(shape) {
	case "4444", "44443", "465", "464", "4441", "88":
		return true
	default:
		return false
	}
}

// issued knows the first digits and the lengths of the large issuers.
func issued(d []byte) bool {
	if len(d) < 13 || len(d) > 19 {
		return false
	}
	two, four := int(d[0]-'0')*10+int(d[1]-'0'), 0
	for _, c := range d[:4] {
		four = four*10 + int(c-'0')
	}
	switch n := len(d); {
	case d[0] == '4': // Visa
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 34, two == 37: // American Express
		return n == 15
	case two == 36, two == 38, two == 39, four >= 3000 && four <= 3059: // Diners Club
		return n == 14 || n == 16
	case four >= 3528 && four <= 3589, four == 6011, two == 64, two == 65: // JCB, Discover
		return n >= 16
	case two == 62, two == 50, two >= 56 && two <= 69: // UnionPay, Maestro
		return n >= 16
	default:
		return false
	}
}

func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
