package mask_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "sixteen bytes and more"

func text(v string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: v}}
}

func TestEachFieldHasItsMode(t *testing.T) {
	t.Parallel()
	m, err := mask.New(mask.Config{SpanInput: mask.Mask, SpanOutput: mask.Hash, Key: key})
	require.NoError(t, err)
	given := &event.SpanEnded{
		Input: "I am bob@example.com", Output: "Hello bob@example.com and BOB@example.com",
		Attributes: map[string]*event.AttributeValue{"user.email": text("bob@example.com")},
	}
	before := proto.Clone(given)
	out, version := m.Event(given)
	span := out.(*event.SpanEnded)
	require.Equal(t, mask.Version, version)
	require.Equal(t, "I am [EMAIL]", span.GetInput())
	require.Regexp(t, `^Hello (\[EMAIL:h[0-9a-f]{16}\]) and (\[EMAIL:h[0-9a-f]{16}\])$`, span.GetOutput())
	require.Equal(t, span.GetOutput()[6:31], span.GetOutput()[36:], "one person has one hash, however the address is written")
	require.Equal(t, "bob@example.com", span.GetAttributes()["user.email"].GetStringValue(), "this field is off")
	require.True(t, proto.Equal(before, given), "the caller's message stays as it is")
}

func TestEventsThatNoSettingCoversAreNotTouched(t *testing.T) {
	t.Parallel()
	m, err := mask.New(mask.Config{Queries: mask.Mask})
	require.NoError(t, err)
	for _, msg := range []proto.Message{
		&event.SpanEnded{Input: "bob@example.com"},
		&event.FeedbackGiven{Comment: "bob@example.com"},
		&event.DocumentChanged{Text: "bob@example.com"},
		&event.ReviewDecided{Arguments: `{"contact":"bob@example.com"}`},
	} {
		out, version := m.Event(msg)
		require.Same(t, msg, out)
		require.Empty(t, version)
	}
	off, err := mask.New(mask.Config{})
	require.NoError(t, err)
	require.Nil(t, off)
	_, version := off.Event(&event.QueryAsked{Text: "bob@example.com"})
	require.Empty(t, version)
}

func TestEveryCoveredTextIsMasked(t *testing.T) {
	t.Parallel()
	const secret = "bob@example.com"
	all := mask.Config{
		Queries: mask.Mask, SpanInput: mask.Mask, SpanOutput: mask.Mask, SpanAttributes: mask.Mask,
		Interactions: mask.Mask, Feedback: mask.Mask, Documents: mask.Mask,
	}
	m, err := mask.New(all)
	require.NoError(t, err)
	attributes := map[string]*event.AttributeValue{
		"a": text(secret), "b": {Value: &event.AttributeValue_JsonValue{JsonValue: `["` + secret + `"]`}},
	}
	for _, msg := range []proto.Message{
		&event.QueryAsked{Text: secret, Metadata: map[string]string{"from": secret}},
		&event.SpanEnded{
			Input: secret, Output: secret, StatusMessage: secret, Attributes: attributes,
			Events: []*event.SpanEvent{{Attributes: attributes}}, Resource: map[string]string{"owner": secret},
		},
		&event.InteractionCaptured{Question: secret, Answer: secret, ReferenceAnswer: secret, Sources: []*event.Source{{Title: secret, Text: secret}}},
		&event.FeedbackGiven{Comment: secret, CorrectedAnswer: secret},
		&event.ScoreGiven{Explanation: secret, Evidence: []*event.Evidence{{Sentence: secret, SourceSentence: secret, Note: secret}}},
		&event.DocumentChanged{Title: secret, Text: secret},
	} {
		out, _ := m.Event(msg)
		raw, err := proto.Marshal(out)
		require.NoError(t, err)
		require.NotContains(t, string(raw), secret, "%T", msg)
		again, _ := m.Event(out)
		require.True(t, proto.Equal(out, again), "masking twice changes nothing more")
	}
}

func TestKindsCanBeChosen(t *testing.T) {
	t.Parallel()
	m, err := mask.New(mask.Config{Queries: mask.Mask, Kinds: []mask.Kind{mask.Secret}})
	require.NoError(t, err)
	out, _ := m.Event(&event.QueryAsked{Text: "bob@example.com has sk-proj-4fKd93ksLq0ZpWx81mNvB7cY"})
	require.Equal(t, "bob@example.com has [SECRET]", out.(*event.QueryAsked).GetText())
}

func TestNumbersOfJSONBecomeStringsOfJSON(t *testing.T) {
	t.Parallel()
	in := `{"card": 4111111111111111, "note": "card: 4111111111111111, please"}`
	require.JSONEq(t, `{"card": "[CARD]", "note": "card: [CARD], please"}`, masked(t, mask.Mask, in))
}

func TestHashNeedsItsKey(t *testing.T) {
	t.Parallel()
	_, err := mask.New(mask.Config{Feedback: mask.Hash, Key: "short"})
	require.ErrorContains(t, err, "RAGLINE_MASK_KEY")
	_, err = mask.New(mask.Config{Feedback: "blur"})
	require.ErrorContains(t, err, "RAGLINE_MASK_FEEDBACK=blur")
	_, err = mask.New(mask.Config{Kinds: []mask.Kind{"name"}})
	require.ErrorContains(t, err, "RAGLINE_MASK_KINDS")

	hash := func(key string) string {
		m, err := mask.New(mask.Config{Feedback: mask.Hash, Key: key})
		require.NoError(t, err)
		out, _ := m.Event(&event.FeedbackGiven{Comment: "bob@example.com"})
		return out.(*event.FeedbackGiven).GetComment()
	}
	require.NotEqual(t, hash(strings.Repeat("a", 16)), hash(strings.Repeat("b", 16)))
}
