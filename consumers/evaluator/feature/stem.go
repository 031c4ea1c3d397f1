package feature

import (
	"bytes"
	"unicode/utf8"
)

// suffixes in the order in which they are tried.
var suffixes = [][]byte{
	[]byte("ingly"), []byte("edly"), []byte("ing"), []byte("ed"), []byte("ies"),
	[]byte("es"), []byte("ly"), []byte("'s"), []byte("s"),
}

// stem strips the first suffix that leaves at least three letters; "ies" becomes "y".
// It works in place.
func stem(word []byte) []byte {
	for _, s := range suffixes {
		if !bytes.HasSuffix(word, s) {
			continue
		}
		rest := word[:len(word)-len(s)]
		if utf8.RuneCount(rest) < 3 {
			continue
		}
		if len(s) == 3 && s[1] == 'e' { // ies
			rest = append(rest, 'y')
		}
		return rest
	}
	return word
}
