package mask_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/schemas/event"
)

// masked is the input of a span behind a masker.
func masked(t *testing.T, mode mask.Mode, text string) string {
	t.Helper()
	m, err := mask.New(mask.Config{SpanInput: mode, Key: strings.Repeat("k", 16)})
	require.NoError(t, err)
	out, version := m.Event(&event.SpanEnded{Input: text})
	require.Equal(t, mask.Version, version)
	return out.(*event.SpanEnded).GetInput()
}

func FuzzMatchesAreInOrderAndTextStaysText(f *testing.F) {
	texts, _ := labelled(f, "labelled.txt")
	for _, text := range texts {
		f.Add(text)
	}
	f.Add("\\")
	f.Add(`{"a":"\u003cbob@example.com\u003e\n+49 30 901820"}`)
	f.Add(`[4111111111111111,"x: 4111111111111111, "]`)
	f.Add(`{"a":-4111111111111111,"token":-12345678e9,"b":"\ud83d\ude00ann\u0040example.com\ud83d \/"}`)
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, m := range mask.Find(text) {
			if m.Start < last || m.End <= m.Start || m.End > len(text) {
				t.Fatalf("%q: %+v after %d", text, m, last)
			}
			last = m.End
		}
		for _, mode := range []mask.Mode{mask.Mask, mask.Hash} {
			out := masked(t, mode, text)
			require.Equal(t, utf8.ValidString(text), utf8.ValidString(out))
			if looksJSON(text) && json.Valid([]byte(text)) {
				require.True(t, json.Valid([]byte(out)), "%s became %s", text, out)
			}
		}
	})
}

func looksJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}
