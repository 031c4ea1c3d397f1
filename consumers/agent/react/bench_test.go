package react_test

import (
	"strconv"
	"testing"
)

func BenchmarkAnswerInMemory(b *testing.B) {
	x := setup(b)
	e := x.engine(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := e.Run(b.Context(), x.request(b, strconv.Itoa(i), "How many mechanical cycles does API 622 run?", 10)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	x := setup(b)
	b.ReportAllocs()
	for b.Loop() {
		x.pack.Facts.Lookup("How many mechanical cycles does API 622 run?")
	}
}
