package langsmith

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

func FuzzTextIsWhatEncodingJSONReads(f *testing.F) {
	for _, s := range []string{"", "\x00\x1f \x7f", "\u2028\u2029<&>", "a\xff\xfe\"b", "12345678\"12345678\\1234567\n", "é234567\xc3", strings.Repeat("\xff", 9)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		b := appendText([]byte("{"), s)
		require.NoError(t, json.Unmarshal(b[1:], &got), "%q", b)
		require.Equal(t, strings.ToValidUTF8(s, "\uFFFD"), got)
	})
}

func FuzzPartsAreWhatEncodingJSONWrites(f *testing.F) {
	f.Add("chat \u2028", `{"a":1}`, `[{"role":"user","content":"x"}]`, "no\xffthing", "\x00\"", int64(12), int64(1_250_000_000), 0.7, int64(1_700_000_000_123_456_789), uint8(3))
	f.Add("", " {\"a\":1e999}", "-0", "\\", "t", int64(math.MaxInt64), int64(math.MinInt64), math.NaN(), int64(0), uint8(2))
	f.Add("x", "\"quoted\"", "{broken", "", "", int64(-1), int64(-1), math.Inf(-1), int64(-62_135_596_800), uint8(250))
	f.Add("x", "", "null", "e", "k", int64(0), int64(0), 1e21, int64(1), uint8(4))
	f.Fuzz(func(t *testing.T, name, input, output, status, text string, n, pico int64, value float64, at int64, flags uint8) {
		start := time.Unix(0, at)
		s := &event.SpanEnded{
			TraceId: "0af7651916cd43dd8448eb211c80319c", SpanId: "b7ad6b7169203331", Name: name, Input: input, Output: output, StatusMessage: status, ThreadId: text, Model: text,
			Kind: event.SpanKind(flags % 8), Status: event.StatusCode(flags % 3), StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(time.Duration(n % 1e9))),
			Origin: &event.Origin{Tags: []string{text, name}, UserId: text}, Resource: map[string]string{"service.name": name}, Cost: &event.Cost{PicoUsd: pico},
			Usage:      &event.Usage{InputTokens: n, OutputTokens: pico, CacheReadInputTokens: n, ReasoningOutputTokens: n},
			Attributes: map[string]*event.AttributeValue{"gen_ai.request.temperature": {Value: &event.AttributeValue_DoubleValue{DoubleValue: value}}, "gen_ai.request.max_tokens": {Value: &event.AttributeValue_IntValue{IntValue: n}}},
			Events:     []*event.SpanEvent{{Name: text, Time: timestamppb.New(start)}, {Name: name, Time: timestamppb.New(start)}},
		}
		b := &Backend{cfg: Config{Content: true, Project: text}}
		form := newForm()
		b.run(form, s, trace.Path{Whole: flags&8 == 0, Steps: []trace.Step{{SpanID: "00f067aa0ba902b7", Start: start}}})
		for part, got := range partsOf(t, form) {
			require.Empty(t, differs(wanted(s, part), decoded(t, got)), "%s: %s", part, got)
		}
		scored := event.Event{ID: text, Time: start, Data: &event.ScoreGiven{TraceId: "t", Name: name, Label: text, Explanation: input, Value: &value, Evaluator: output}}
		form.reset()
		reason := b.feedback(form, scored, nil)
		require.Equal(t, math.IsNaN(value) || math.IsInf(value, 0), reason != "")
		for _, got := range partsOf(t, form) {
			fields, _ := decoded(t, got).(map[string]any)
			require.Equal(t, strings.ToValidUTF8(name, "\uFFFD"), fields["key"])
			score, err := fields["score"].(json.Number).Float64()
			require.NoError(t, err)
			require.Equal(t, value, score) //nolint:testifylint // the same bits
		}
	})
}

// partsOf reads a form as a server does, and checks that no object has a name twice.
func partsOf(t *testing.T, f *form) map[string][]byte {
	t.Helper()
	body, _ := f.close()
	parts := map[string][]byte{}
	for r := multipart.NewReader(bytes.NewReader(body), f.boundary); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		require.NoError(t, err)
		data, err := io.ReadAll(p)
		require.NoError(t, err)
		require.Equal(t, p.Header.Get("Content-Length"), strconv.Itoa(len(data)))
		of := p.FormName()[strings.LastIndexByte(p.FormName(), '.')+1:]
		if strings.Count(p.FormName(), ".") == 1 {
			of = ""
		}
		if of != "inputs" && of != "outputs" { // these may be somebody's JSON as it is
			require.NoError(t, namesOnce(json.NewDecoder(bytes.NewReader(data))), "%s", data)
		}
		parts[of] = data
	}
}

// namesOnce reads a value, and returns an error for a name that its object has already.
func namesOnce(d *json.Decoder) error {
	start, err := d.Token()
	if err != nil || start != json.Delim('{') && start != json.Delim('[') {
		return err
	}
	names := map[json.Token]bool{}
	for d.More() {
		if start == json.Delim('{') {
			name, err := d.Token()
			if err != nil || names[name] {
				return fmt.Errorf("%v again: %w", name, err)
			}
			names[name] = true
		}
		if err := namesOnce(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func decoded(t *testing.T, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", data)
	require.False(t, d.More(), "%s", data)
	return v
}

// wanted is a part, or what of it the inputs change, by encoding/json.
func wanted(s *event.SpanEnded, part string) any {
	times := func(t *timestamppb.Timestamp) string { return t.AsTime().Format("2006-01-02T15:04:05.000000Z") }
	var v any
	switch part {
	case "":
		v = map[string]any{"name": s.GetName(), "start_time": times(s.GetStartTime()), "end_time": times(s.GetEndTime()), "tags": s.GetOrigin().GetTags()}
	case "inputs":
		v = wantedContent("input", s.GetInput())
	case "outputs":
		v = wantedContent("output", s.GetOutput())
	case "events":
		v = []any{map[string]any{"name": s.GetEvents()[0].GetName(), "time": times(s.GetStartTime())}, map[string]any{"name": s.GetEvents()[1].GetName(), "time": times(s.GetStartTime())}}
	case "error":
		if v = s.GetStatusMessage(); v == "" {
			v = "error"
		}
	case "extra":
		m := map[string]any{"ls_max_tokens": s.GetUsage().GetInputTokens()}
		if s.GetThreadId() != "" {
			m["thread_id"], m["ls_model_name"], m["user_id"] = s.GetThreadId(), s.GetThreadId(), s.GetThreadId()
		}
		if f := s.GetAttributes()["gen_ai.request.temperature"].GetDoubleValue(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			m["ls_temperature"] = f
		}
		v = map[string]any{"metadata": m}
	}
	return roundTrip(v)
}

func wantedContent(name, text string) any {
	switch {
	case text == "":
		return map[string]any{}
	case !json.Valid([]byte(text)):
		return map[string]any{name: text}
	case text[0] == '{':
		return json.RawMessage(text)
	}
	var list []struct{ Role string }
	if text[0] == '[' && json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 && list[0].Role != "" {
		name = "messages"
	}
	return map[string]any{name: json.RawMessage(text)}
}

func roundTrip(v any) (out any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return err.Error()
	}
	return out
}

// differs says where got lacks what is wanted, or has it otherwise. An object may have more.
func differs(want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name := range w {
			if d := differs(w[name], g[name]); d != "" {
				return name + ": " + d
			}
		}
		return ""
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			return fmt.Sprint(len(g), " items")
		}
		for i := range w {
			if d := differs(w[i], g[i]); d != "" {
				return fmt.Sprint(i, ": ", d)
			}
		}
		return ""
	case string:
		g, is := got.(string)
		if is && collapsed(g) == collapsed(w) {
			return ""
		}
	case json.Number:
		g, _ := got.(json.Number)
		x, _ := w.Float64()
		y, err := g.Float64()
		if same := err == nil && x == y; w == g || same && (!isInteger(w) || !isInteger(g)) {
			return ""
		}
	default:
		if want == got {
			return ""
		}
	}
	return fmt.Sprintf("%#v instead of %#v", got, want)
}

func isInteger(n json.Number) bool {
	return strings.Trim(string(n), "-0123456789") == "" && len(n) < 20
}

// collapsed makes one of the marks that stand for several bytes: encoding/json writes one for each.
func collapsed(s string) string {
	for strings.Contains(s, "\uFFFD\uFFFD") {
		s = strings.ReplaceAll(s, "\uFFFD\uFFFD", "\uFFFD")
	}
	return s
}
