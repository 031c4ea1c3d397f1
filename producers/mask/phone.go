package mask

import "strings"

// phone recognises a telephone number: international, with a trunk 0 in a familiar grouping, North American with its
// punctuation, or any after a word such as "tel". Other groups of digits are left alone: they are part numbers,
// pressures and cycles more often.
func (sc *scanner) phone(n *number) (Match, bool) {
	announced := false
	for k := n.count; k > 0; k-- {
		g := n.groups[k-1]
		if g.upTo < 7 || g.upTo > 15 || !sc.numberEnd(g.end) {
			continue
		}
		announced = announced || sc.announced()
		if n.dialled(k) || announced && n.plausible(k) {
			return Match{Phone, sc.at, g.end}, true
		}
	}
	return Match{}, false
}

// dialled says whether the first k groups are a number by their look alone.
func (n *number) dialled(k int) bool {
	total := n.groups[k-1].upTo
	d := n.digits[:total]
	switch {
	case n.plus:
		return d[0] != '0' && total >= 8 && !n.thousands(k)
	case n.paren && n.groups[0].separator == '(':
		return k > 1 && n.groups[0].size >= 2 && n.groups[0].size <= 5 && total >= 9 && total <= 12 && (d[0] == '0' || n.american(k, d))
	case n.series:
		return false
	case d[0] == '0' && d[1] == '0':
		return d[2] != '0' && k > 1 && total >= 10
	case d[0] == '0':
		return n.national(k, total)
	default:
		return n.punctuated(k) && n.american(k, d)
	}
}

// national: 030 1234567, 0171-1234567, 020 7946 0958, 01 23 45 67 89.
func (n *number) national(k, total int) bool {
	if k < 2 || total < 9 || total > 12 {
		return false
	}
	g := n.groups
	for i, rest := range g[1:k] {
		if rest.separator == '(' || rest.separator == ')' || rest.size < 2 && !n.extension(i+1, k) {
			return false
		}
	}
	if g[0].size == 2 {
		return k == 5 && total == 10
	}
	return g[0].size >= 3 && g[0].size <= 5 && g[1].size >= 3 && g[1].separator != '.'
}

// extension: 030 90182-0.
func (n *number) extension(i, k int) bool { return i == k-1 && n.groups[i].separator == '-' }

// american: 415-555-0132 and 1-800-555-0199; neither area nor exchange begins with 0 or 1.
func (n *number) american(k int, d []byte) bool {
	first := 0
	if n.groups[0].size == 1 && d[0] == '1' {
		first, d = 1, d[1:]
	}
	g := n.groups[first:k]
	return len(g) == 3 && g[0].size == 3 && g[1].size == 3 && g[2].size == 4 && d[0] >= '2' && d[3] >= '2'
}

// punctuated: with blanks alone it may be three numbers in a row.
func (n *number) punctuated(k int) bool {
	for _, g := range n.groups[1:k] {
		if g.separator != '-' && g.separator != '.' {
			return false
		}
	}
	return k > 1
}

// thousands: +15.000.000 is an amount.
func (n *number) thousands(k int) bool {
	for _, g := range n.groups[1:k] {
		if g.size != 3 || g.separator != '.' {
			return false
		}
	}
	return k > 1
}

// plausible is asked after a word that announces a telephone number.
func (n *number) plausible(k int) bool {
	for i, g := range n.groups[1:k] {
		if g.size < 2 && !n.extension(i+1, k) {
			return false
		}
	}
	return n.groups[0].size > 1 || n.groups[0].separator == '(' || n.digits[0] == '1'
}

// announced says whether one of the words stands shortly before the current byte, without digits between.
func (sc *scanner) announced() bool {
	window := sc.s[max(0, sc.at-24):sc.at]
	if i := strings.LastIndexAny(window, "0123456789\n"); i >= 0 {
		window = window[i+1:]
	}
	if len(window) < 3 {
		return false
	}
	window = strings.ToLower(window)
	for _, word := range []string{"phone", "tel", "call", "mobile", "cell", "fax", "whatsapp", "handy", "dial", "sms", "ring"} {
		if i := strings.LastIndex(window, word); i >= 0 && (word == "phone" || i == 0 || !isLetter(window[i-1])) {
			return true
		}
	}
	return false
}
