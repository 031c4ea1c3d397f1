package mask

import "strings"

const (
	ibanCheck  = 4  // country and check digits
	ibanLength = 34 // characters of the longest one
)

// iban recognises an International Bank Account Number by its country's length and the remainder of ISO 13616.
func (sc *scanner) iban() (Match, bool) {
	s := sc.s[sc.at:]
	if len(s) < ibanCheck+11 || !isLetter(s[1]) || !isDigit(s[2]) || !isDigit(s[3]) {
		return Match{}, false
	}
	want := ibanLengthOf(strings.ToUpper(s[:2]))
	if want == 0 {
		return Match{}, false
	}
	var account [ibanLength]byte
	n, i := 0, 0
	for ; i < len(s) && n < want; i++ {
		switch {
		case isAlnum(s[i]):
			account[n] = s[i]
			n++
		case s[i] == ' ' && s[i-1] != ' ':
		default:
			return Match{}, false
		}
	}
	if n < want || !sc.ends(sc.at+i) || remainder97(account[:n]) != 1 {
		return Match{}, false
	}
	return Match{IBAN, sc.at, sc.at + i}, true
}

// remainder97 reads the account with its first four characters at the end, letters as two digits.
func remainder97(account []byte) int {
	r := 0
	for i := range account {
		c := account[(i+ibanCheck)%len(account)]
		if isDigit(c) {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c|0x20-'a') + 10) % 97
		}
	}
	return r
}

// ibanLengthOf returns the length of the accounts of a country, or 0.
func ibanLengthOf(country string) int {
	const registry = " NO15 BE16 DK18 FI18 FO18 GL18 NL18 SD18 FK18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 MN20" +
		" CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 TL23 OM23 SO23" +
		" AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 FR27 GR27 IT27 MC27 MR27 SM27 DJ27 BI27" +
		" AL28 AZ28 CY28 DO28 GT28 HU28 LB28 PL28 SV28 NI28 BY28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 YE30 MU30 MT31 SC31 LC32 RU33 "
	i := strings.Index(registry, " "+country)
	if i < 0 {
		return 0
	}
	return int(registry[i+3]-'0')*10 + int(registry[i+4]-'0')
}
