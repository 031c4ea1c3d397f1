package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
)

func verdicts(claims []domain.Claim) map[domain.Verdict]int {
	counts := map[domain.Verdict]int{}
	for _, c := range claims {
		counts[c.Verdict]++
	}
	return counts
}

func requireConfirmed(t *testing.T, facts *domain.Facts, text string) {
	t.Helper()
	claims := facts.Check(text)
	counts := verdicts(claims)
	require.Positive(t, counts[domain.VerdictConfirmed], "%s\n%+v", text, claims)
	require.Zero(t, counts[domain.VerdictContradicted], "%s\n%+v", text, claims)
}

func requireContradicted(t *testing.T, facts *domain.Facts, text string) domain.Claim {
	t.Helper()
	claims := facts.Check(text)
	for _, c := range claims {
		if c.Verdict == domain.VerdictContradicted {
			require.NotNil(t, c.Fact, text)
			return c
		}
	}
	require.Fail(t, "no contradicted claim", "%s\n%+v", text, claims)
	return domain.Claim{}
}

// Each wrong statement was found in public; beside it the right one, and the right number given to the wrong entity.
func TestPublicMistakesAreContradicted(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for _, row := range []struct{ wrong, right, misplaced string }{
		{
			"API 641 needs 310 cycles and covers up to NPS 12.",
			"API 641 covers valves up to NPS 24, and API 624 runs 310 mechanical cycles.",
			"API 641 runs 310 mechanical cycles.",
		},
		{
			"ISO 15848 classes A/B/C are 1e-5 / 1e-4 / 1e-2.",
			"Class AH of ISO 15848 is limited to 1.78e-7 mbar l/s per mm of stem diameter.",
			"Class BH of ISO 15848 is limited to 1.78e-7 mbar l/s per mm of stem diameter.",
		},
		{
			"ASME B16.20 inner rings are needed in class 900 and above, all sizes.",
			"ASME B16.20 needs inner rings for NPS 24+ in class 900, NPS 12+ in class 1500 and NPS 4+ in class 2500.",
			"API 601 requires inner rings for NPS 24 and larger in class 900.",
		},
		{
			"API 622 takes 500+ cycles.",
			"API 622 takes 1,510 mechanical cycles.",
			"API 624 takes 1,510 mechanical cycles.",
		},
		{
			"The API 622 thermal range is -29 to 315 C.",
			"The API 622 thermal range is -29 to 538 C.",
			"The API 624 thermal cycles go from -29 to 538 C.",
		},
		{
			"API 624 is for rising stem ball valves, type-tested by API 641.",
			"API 624 is for rising and rising-rotating stem valves; quarter-turn valves are type-tested by API 641.",
			"API 641 is for rising stem valves.",
		},
	} {
		requireContradicted(t, facts, row.wrong)
		requireConfirmed(t, facts, row.right)
		requireContradicted(t, facts, row.misplaced)
	}
}

func TestContradictionNamesTheRightValue(t *testing.T) {
	t.Parallel()
	c := requireContradicted(t, pack(t).Facts, "API 622 takes 500 mechanical cycles.")
	require.Equal(t, "API 622", c.Entity)
	require.Equal(t, "500", c.Value)
	require.Equal(t, 6, c.Fact.Number)
	require.InDelta(t, 1510, *c.Fact.Value, 0)
}

func TestEveryFactConfirmsItsOwnSentence(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for _, fact := range facts.Rows() {
		claims := facts.Check(fact.Text)
		require.Zero(t, verdicts(claims)[domain.VerdictContradicted], "%s\n%+v", fact.Text, claims)
		confirmed := false
		for _, c := range claims {
			confirmed = confirmed || c.Verdict == domain.VerdictConfirmed && c.Fact.Number == fact.Number
		}
		require.True(t, confirmed, "fact %d (%s): %s\n%+v", fact.Number, fact.Attribute, fact.Text, claims)
	}
}

func TestSeedAnswersHaveNoContradictedClaim(t *testing.T) {
	t.Parallel()
	p := pack(t)
	for _, seed := range p.Seeds {
		claims := p.Facts.Check(seed.Answer)
		require.Zero(t, verdicts(claims)[domain.VerdictContradicted], "%s: %+v", seed.ID, claims)
		if seed.Answerable {
			require.Positive(t, verdicts(claims)[domain.VerdictConfirmed], "%s: %s %+v", seed.ID, seed.Answer, claims)
		}
	}
}

func TestDocumentsHaveNoContradictedClaim(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for id, d := range documents(t) {
		claims := facts.Check(d.body)
		require.Zero(t, verdicts(claims)[domain.VerdictContradicted], "%s: %+v", id, claims)
		require.Positive(t, verdicts(claims)[domain.VerdictConfirmed], id)
	}
}

func TestTextWithoutClaimHasNoScore(t *testing.T) {
	t.Parallel()
	facts := pack(t).Facts
	for _, text := range []string{"", "not in the knowledge base", "Does API 622 run 500 cycles?", "API 622 is a standard."} {
		_, ok := domain.Score(facts.Check(text))
		require.False(t, ok, text)
	}
}

func TestScoreIsTheShareOfConfirmedClaims(t *testing.T) {
	t.Parallel()
	score, ok := domain.Score(pack(t).Facts.Check("API 622 runs 1,510 mechanical cycles. API 624 runs 500 mechanical cycles."))
	require.True(t, ok)
	require.InDelta(t, 0.5, score, 1e-9)
}

func BenchmarkCheck(b *testing.B) {
	p, err := loadPack()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		p.Facts.Check(p.Seeds[3].Answer)
	}
}
