package packager

import "fmt"

// around is how many bytes of a difference are shown on each side.
const around = 24

// difference shows the first place at which two texts differ.
func difference(want, got string) string {
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("at byte %d: training has %q, Ollama has %q", at, window(want, at), window(got, at))
}

func window(text string, at int) string {
	return text[max(0, at-around):min(len(text), at+around)]
}
