package mask_test

import (
	"encoding/json"
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

func TestNoEscapeHidesPersonalData(t *testing.T) {
	t.Parallel()
	m, err := mask.New(mask.Config{Queries: mask.Mask})
	require.NoError(t, err)
	for given, want := range map[string]string{
		`{"a":"ann\u0040example.com"}`:                  `{"a":"[EMAIL]"}`,
		`{"a":"call \u002B49 170 1234567 now"}`:         `{"a":"call [PHONE] now"}`,
		`{"a":"J\u00fcrgen@example.com\u2028\n\""}`:     "{\"a\":\"[EMAIL]\u2028\\n\\\"\"}",
		`{"a":"0171\/1234567"}`:                         `{"a":"[PHONE]"}`,
		`{"a":"\u003cann@example.com\u003e"}`:           `{"a":"<[EMAIL]>"}`,
		`{"a":"\ud83d\ude00\ud83d ann@example.com\\u"}`: `{"a":"😀\ud83d [EMAIL]\\u"}`,
		`"ann\u0040example.com"`:                        `"[EMAIL]"`,
		`{"a":"\u0022\u005c\u000a"}`:                    `{"a":"\u0022\u005c\u000a"}`,
	} {
		out := string(m.JSON([]byte(given)))
		require.Equal(t, want, out)
		require.True(t, json.Valid([]byte(out)), out)
	}
	require.NotContains(t, masked(t, mask.Mask, `{"a":"ann\u0040example.com"}`), "ann", "a span's too")
	require.Equal(t, `[1] a\u0040b and [EMAIL]`, masked(t, mask.Mask, `[1] a\u0040b and ann@example.com`), "this is no JSON")
}

func TestNumbersStayValuesOfJSON(t *testing.T) {
	t.Parallel()
	m, err := mask.New(mask.Config{Queries: mask.Mask})
	require.NoError(t, err)
	for given, want := range map[string]string{
		`{"a":-4111111111111111}`:                    `{"a":"[CARD]"}`,
		`[4111111111111111,-4111111111111111,"x"]`:   `["[CARD]","[CARD]","x"]`,
		`4111111111111111`:                           `"[CARD]"`,
		`{"token":-12345678e9,"password": 12345E+6}`: `{"token":"[SECRET]","password": "[SECRET]"}`,
	} {
		out := string(m.JSON([]byte(given)))
		require.Equal(t, want, out)
	}
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
