package sdk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

func TestDeskForgetsTheOldestAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(2)
	for _, id := range []string{"a", "b", "c"} {
		d.answered(&Answer{AnswerGiven: &event.AnswerGiven{QueryId: id}})
	}
	_, known := d.recall("a")
	require.False(t, known)
	_, known = d.recall("c")
	require.True(t, known)

	d = newDesk(1000)
	large := strings.Repeat("x", recentBytes/2)
	for _, id := range []string{"a", "b", "c"} {
		d.answered(&Answer{AnswerGiven: &event.AnswerGiven{QueryId: id, Text: large}})
	}
	require.Equal(t, 1, d.order.Len(), "bytes are bounded too")
	require.LessOrEqual(t, d.bytes, recentBytes)
}

func TestFirstAnswerCounts(t *testing.T) {
	t.Parallel()
	d := newDesk(10)
	d.answered(&Answer{AnswerGiven: &event.AnswerGiven{QueryId: "q", Text: "first"}})
	d.answered(&Answer{AnswerGiven: &event.AnswerGiven{QueryId: "q", Text: "second"}})
	a, _ := d.recall("q")
	require.Equal(t, "first", a.Text)
	a.Text = "changed by the caller"
	b, _ := d.recall("q")
	require.Equal(t, "first", b.Text)
}

func TestAssemblerTakesThePieceItWaitsForEvenWhenFull(t *testing.T) {
	t.Parallel()
	var a assembler
	for i := range int32(maxHeld + 10) {
		a.add([]*event.AnswerChunk{{Index: i + 1, Text: "x"}})
	}
	require.Len(t, a.add([]*event.AnswerChunk{{Index: 0, Text: "x"}}), maxHeld+1)
	require.Empty(t, a.rest("something else"))
}

func TestTimeOfIDReadsUUIDv7Only(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(0x0198f0c27a10), timeOfID("0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11").UnixMilli())
	for _, id := range []string{"", "order-17", "6fee0c74-a956-5049-b40c-c73b0cc218dd", "zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz"} {
		require.True(t, timeOfID(id).IsZero(), id)
	}
}
