package dataset

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/schemas/event"
)

func planOf(t *testing.T, s *story, change ...func(*Config)) plan {
	t.Helper()
	cfg := config("unused")
	for _, c := range change {
		c(&cfg)
	}
	seeds, err := loadSeeds(smallPack())
	require.NoError(t, err)
	return makePlan(s.history(), seeds, cfg)
}

func byKey(p plan, key string) (row, bool) {
	for _, r := range p.rows {
		if r.key == key {
			return r, true
		}
	}
	return row{}, false
}

func TestSeedsAreGoldWithTheirDocumentsAsContext(t *testing.T) {
	t.Parallel()
	p := planOf(t, &story{})
	require.Len(t, p.rows, 2)
	r, _ := byKey(p, "seed:seed-01")
	require.Equal(t, TierGold, r.tier)
	require.Equal(t, "Answer from the context.", r.system)
	require.Equal(t, "Context:\n[packing] Packing\nCut rings, never coil. Joints are staggered by at least 90 degrees.\n\nQuestion: How far are ring joints staggered?", r.user)
	require.Equal(t, "At least 90 degrees [packing].", r.assistant)
	control, _ := byKey(p, "seed:seed-02")
	require.Equal(t, "This is not in the knowledge base.", control.assistant)
}

func TestConversationIsNeverSplit(t *testing.T) {
	t.Parallel()
	s := &story{}
	for n := range 60 {
		s.answer(n, func(in *event.InteractionCaptured) { in.ThreadId = fmt.Sprintf("thread-%d", n/3) })
		s.scores(n, 1, 1, 1)
	}
	splits := map[string]Split{}
	count := map[Split]int{}
	for _, r := range planOf(t, s).rows {
		if known, ok := splits[r.thread]; ok {
			require.Equal(t, known, r.split)
		}
		splits[r.thread] = r.split
		count[r.split]++
	}
	require.Positive(t, count[SplitHeldOut])
	require.Greater(t, count[SplitTrain], count[SplitHeldOut])
}

func TestSplitOfAConversationStaysWhenTheLogGrows(t *testing.T) {
	t.Parallel()
	for n := range 100 {
		thread := fmt.Sprintf("thread-%d", n)
		if splitOf(thread, .1) == SplitHeldOut {
			require.Equal(t, SplitHeldOut, splitOf(thread, .3))
		}
		require.Equal(t, SplitTrain, splitOf(thread, 0))
	}
}

func TestDuplicatesKeepTheBestRow(t *testing.T) {
	t.Parallel()
	s := &story{}
	long := func(extra string) func(*event.InteractionCaptured) {
		return func(in *event.InteractionCaptured) {
			in.Question = "Which limit does the rule set for the part?"
			in.Answer = "The rule sets 40 bar for the part because every joint of the line is staggered by 90 degrees and held by two rings" + extra
		}
	}
	s.answer(0, long("."))
	s.scores(0, .9, .9, .95)
	s.answer(1, long(" [doc-b]!")) // the same but for citation and punctuation
	s.scores(1, 1, 1, 1)
	s.feedback(1, "u", 1, "")
	s.answer(2, long(" today.")) // nearly the same
	s.scores(2, 1, 1, 1)
	s.answer(3, func(in *event.InteractionCaptured) { // other numbers: another statement
		long(".")(in)
		in.Answer = "The rule sets 50 bar for the part because every joint of the line is staggered by 90 degrees and held by two rings."
	})
	s.scores(3, 1, 1, 1)
	p := planOf(t, s, func(c *Config) { c.HeldOut = 0 })
	require.EqualValues(t, 1, p.dropped["exact duplicate"])
	require.EqualValues(t, 1, p.dropped["near duplicate"])
	kept, ok := byKey(p, traceID(1))
	require.True(t, ok)
	require.Equal(t, TierGold, kept.tier)
	_, ok = byKey(p, traceID(3))
	require.True(t, ok)
	require.Len(t, p.rows, 2+2)
}

func TestHeldOutQuestionIsNotTrainedOn(t *testing.T) {
	t.Parallel()
	var train, held string
	for n := 0; train == "" || held == ""; n++ {
		thread := fmt.Sprintf("conversation-%d", n)
		if splitOf(thread, .2) == SplitHeldOut {
			held = thread
		} else {
			train = thread
		}
	}
	s := &story{}
	for n, thread := range []string{train, held} {
		s.answer(n, func(in *event.InteractionCaptured) {
			in.ThreadId, in.Question = thread, "Which limit does the rule set?"
			in.Answer = fmt.Sprintf("Answer number %d is here.", n)
		})
		s.scores(n, 1, 1, 1)
	}
	p := planOf(t, s)
	require.EqualValues(t, 1, p.dropped["question is held out"])
	_, ok := byKey(p, traceID(1))
	require.True(t, ok)
	_, ok = byKey(p, traceID(0))
	require.False(t, ok)
}

func TestOwnModelsUnverifiedAnswersAreCapped(t *testing.T) {
	t.Parallel()
	s := &story{}
	for n := range 20 {
		s.answer(n, func(in *event.InteractionCaptured) { in.SelfTrainedModel = n >= 6 })
		s.scores(n, 1, 1, 1)
		if n >= 18 {
			s.feedback(n, "u", 1, "") // verified: not capped
		}
	}
	p := planOf(t, s, func(c *Config) { c.HeldOut = 0 })
	// 2 seeds, 6 foreign and 2 verified make 10 others; with a share of 0.2, 2 own rows stand beside them.
	require.Len(t, p.rows, 12)
	require.EqualValues(t, 10, p.dropped["answered by a model of our own, beyond the cap"])
}

func TestDisputedTermsAreCounted(t *testing.T) {
	t.Parallel()
	s := &story{}
	s.answer(0, func(in *event.InteractionCaptured) { in.Question = "Is FlexSeal a packing?" })
	s.scores(0, 1, 1, 1)
	require.Equal(t, map[string]int64{"flexseal": 1}, planOf(t, s).disputed)
}

func TestPersonalDataIsReplacedAndCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"Write to jane.doe+x@mail.example.org.", "Write to [EMAIL]."},
		{"Call +44 20 7946 0958 or (020) 7946-0958.", "Call [PHONE] or [PHONE]."},
		{"Call 555-867-5309 now", "Call [PHONE] now"},
		{"Card 4111 1111 1111 1111.", "Card [CARD]."},
		{"Card 4111 1111 1111 1112.", "Card 4111 1111 1111 1112."},
		{"IBAN DE89 3704 0044 0532 0130 00, please", "IBAN [IBAN], please"},
		{"A rate of 0.0012345678 or 1.0044053201.", "A rate of 0.0012345678 or 1.0044053201."},
		{"From -29 to 538 C (-20 to 1000 F), 1,510 cycles, 0-600 psi, 10,000 ppm, 1.78e-7.", "From -29 to 538 C (-20 to 1000 F), 1,510 cycles, 0-600 psi, 10,000 ppm, 1.78e-7."},
		{"ISO 15848-1:2015, 40 CFR 60.483-1, NA 715, 20,000 60,000 100,000", "ISO 15848-1:2015, 40 CFR 60.483-1, NA 715, 20,000 60,000 100,000"},
	} {
		require.Equal(t, c.want, scrub(c.in, map[string]int64{}), c.in)
	}
	require.False(t, validIBAN("DE89 3704 0044 0532 0130 02"))
	counts := map[string]int64{}
	scrub("a@b.example c@d.example +49 89 1234567", counts)
	require.Equal(t, map[string]int64{"email": 2, "phone": 1}, counts)
}

func TestScrubLeavesTheDemoPackAlone(t *testing.T) {
	t.Parallel()
	pack, err := domain.Load("../../deploy/domain/jdjones")
	require.NoError(t, err)
	seeds, err := loadSeeds(pack)
	require.NoError(t, err)
	p := makePlan(&history{}, seeds, config("unused"))
	require.Empty(t, p.pii)
	require.Len(t, p.rows, len(pack.Seeds))
	for _, r := range p.rows {
		require.Equal(t, TierGold, r.tier)
	}
}
