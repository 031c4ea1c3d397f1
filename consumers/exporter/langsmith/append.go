package langsmith

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// The functions of this file append JSON to a buffer. A run is sent a thousand times a second and more, and most
// of it is text that needs no escape: encoding/json, which looks at types and copies each part three times, costs five
// times as much.

const digits = "0123456789abcdef"

// appendText appends a JSON string. What is not UTF-8 is replaced.
func appendText(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	done, ascii := 0, true
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) && plain(s[i:i+8]) {
			i += 8
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			ascii = ascii && c < utf8.RuneSelf
			continue
		}
		b = appendEscape(append(b, s[done:i]...), c)
		done = i + 1
	}
	if !ascii && !utf8.ValidString(s) {
		return appendText(b[:start], strings.ToValidUTF8(s, "\uFFFD"))
	}
	return append(append(b, s[done:]...), '"')
}

// plain says of eight bytes at a time that none needs a look: each is ASCII, from the space on, no quote and no backslash.
func plain(s string) bool {
	_ = s[7]
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^ones*'"', w^ones*'\\'
	return (w|(w-ones*' ')|(quote-ones)|(slash-ones))&high == 0
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\t':
		return append(b, '\\', 't')
	case '\r':
		return append(b, '\\', 'r')
	default:
		return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
}

// appendName appends the comma between fields and a name.
func appendName(b []byte, name string) []byte {
	if last := b[len(b)-1]; last != '{' && last != '[' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), '"', ':')
}

// appendField appends a text field, unless it is empty. The name needs no escape.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(appendName(b, name), value)
}

func appendNumber(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(appendName(b, name), n, 10)
}

// appendFloat is for finite numbers; others, which JSON has not, are null.
func appendFloat(b []byte, name string, f float64) []byte {
	b = appendName(b, name)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

func appendID(b []byte, name string, id uuid.UUID) []byte {
	return append(appendUUID(append(appendName(b, name), '"'), id), '"')
}

func appendTime(b []byte, name string, t time.Time) []byte {
	return append(appendMoment(append(appendName(b, name), '"'), t, "-", "T", ":", "."), '"')
}

// appendMoment appends a time in UTC to the microsecond, with these signs between its parts.
func appendMoment(b []byte, t time.Time, dash, letter, colon, point string) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = appendPadded(b, year, 4)
	b = appendPadded(append(b, dash...), int(month), 2)
	b = appendPadded(append(b, dash...), day, 2)
	b = appendPadded(append(b, letter...), hour, 2)
	b = appendPadded(append(b, colon...), minute, 2)
	b = appendPadded(append(b, colon...), second, 2)
	b = appendPadded(append(b, point...), t.Nanosecond()/1000, 6)
	return append(b, 'Z')
}

// appendPadded appends a number of a known width.
func appendPadded(b []byte, n, width int) []byte {
	b = append(b, "000000"[:width]...)
	for i := len(b) - 1; n > 0 && width > 0; i, n, width = i-1, n/10, width-1 {
		b[i] = byte('0' + n%10)
	}
	return b
}
