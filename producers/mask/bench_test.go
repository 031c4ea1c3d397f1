package mask_test

import (
	"strings"
	"testing"

	"github.com/ragline/ragline/producers/mask"
)

const benchBytes = 1 << 20

// BenchmarkFind tells bytes per second on the labelled texts, on plain prose, and on texts made to be slow.
func BenchmarkFind(b *testing.B) {
	texts, _ := labelled(b, "labelled.txt")
	for name, text := range map[string]string{
		"labelled": strings.Join(texts, "\n"),
		"prose":    "The stem seal of the gate valve was tested at 310 mechanical cycles; the leak stayed below 100 ppmv. ",
	} {
		bench(b, name, text)
	}
	for name, text := range hostile() {
		bench(b, "hostile "+name, text)
	}
}

func bench(b *testing.B, name, piece string) {
	b.Helper()
	text := strings.Repeat(piece, benchBytes/len(piece)+1)[:benchBytes]
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(benchBytes)
		for b.Loop() {
			mask.Find(text)
		}
	})
}

// hostile are pieces that make each recogniser start as often and read as far as it can.
func hostile() map[string]string {
	return map[string]string{
		"at":        "a@",
		"locals":    strings.Repeat("a", 64) + "@",
		"domains":   "a@" + strings.Repeat("b.", 120),
		"digits":    "1 ",
		"pairs":     "41 11 ",
		"phones":    "+1-",
		"jwt":       "eyJ-",
		"jwt parts": "eyJaaaaaaaaa.",
		"jwt runs":  strings.Repeat("eyJ-", 200) + ".eyJ" + strings.Repeat("-eyJ", 200),
		"keys":      "sk-",
		"bearer":    "bearer ",
		"pem":       "-----BEGIN PRIVATE KEY-----!",
		"ibans":     "DE89 ",
		"names":     "password:",
		"urls":      "://a:",
		"escapes":   `\u00`,
		"letters":   "a",
	}
}
