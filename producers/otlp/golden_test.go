package otlp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/schemas/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reader() otlp.Reader {
	return otlp.Reader{Tenant: "acme", Now: func() time.Time { return time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC) }}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return raw
}

// TestTracesBecomeEvents holds the mapping of each family of instrumentations. openinference, openllmetry and genai
// were recorded from openinference-instrumentation-openai 0.1.66, traceloop-sdk 0.62.4 and
// opentelemetry-instrumentation-openai-v2 2.3b0 around one application; the others show older forms.
func TestTracesBecomeEvents(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openinference", "openllmetry", "openllmetry_legacy", "genai", "genai_events"} {
		req, err := otlp.DecodeTraces(readFile(t, name+".otlp.json"), otlp.JSON)
		require.NoError(t, err)
		batch := reader().Traces(req)
		require.Empty(t, batch.Refused)
		got := render(t, append(batch.Events, batch.Interactions...))
		golden := "testdata/" + name + ".golden.json"
		if *update {
			require.NoError(t, os.WriteFile(golden, got, 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), name)
	}
}

// render shows events as people read them.
func render(t testing.TB, events []otlp.Event) []byte {
	t.Helper()
	var all []any
	for _, e := range events {
		require.NoError(t, event.Validate(e.Message))
		raw, err := protojson.Marshal(e.Message)
		require.NoError(t, err)
		all = append(all, map[string]any{"type": event.TypeOf(e.Message), "id": e.ID, "time": e.Time, "data": json.RawMessage(raw)})
	}
	raw, err := json.Marshal(all)
	require.NoError(t, err)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, raw, "", "  "))
	return append(indented.Bytes(), '\n')
}

// TestBothEncodingsAreTheSame sends the recorded traces as protobuf.
func TestBothEncodingsAreTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openinference", "openllmetry", "openllmetry_legacy", "genai", "genai_events"} {
		fromJSON, err := otlp.DecodeTraces(readFile(t, name+".otlp.json"), otlp.JSON)
		require.NoError(t, err)
		raw, err := proto.Marshal(fromJSON)
		require.NoError(t, err)
		fromProto, err := otlp.DecodeTraces(raw, otlp.Protobuf)
		require.NoError(t, err)
		want, got := reader().Traces(fromJSON), reader().Traces(fromProto)
		require.Equal(t, string(render(t, want.Events)), string(render(t, got.Events)))
	}
}

// TestNothingIsLost looks for every attribute of the recorded traces in the events: by its name in the attributes, or by
// its value in a field.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openinference", "openllmetry", "openllmetry_legacy", "genai"} {
		req, err := otlp.DecodeTraces(readFile(t, name+".otlp.json"), otlp.JSON)
		require.NoError(t, err)
		given := map[string]map[string]string{}
		for _, rs := range req.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, s := range ss.GetSpans() {
					values := map[string]string{}
					for _, kv := range s.GetAttributes() {
						values[kv.GetKey()] = kv.GetValue().GetStringValue()
					}
					given[string(s.GetSpanId())] = values
				}
			}
		}
		for _, e := range reader().Traces(req).Events {
			s := e.Message.(*event.SpanEnded)
			for name, value := range given[unhex(t, s.GetSpanId())] {
				if _, kept := s.GetAttributes()[name]; kept || value == "" {
					continue
				}
				fields := strings.Join(append([]string{
					s.GetInput(), s.GetOutput(), s.GetModel(), s.GetProvider(), s.GetOperation(),
					s.GetThreadId(), s.GetOrigin().GetUserId(), s.GetOrigin().GetSessionId(),
				}, s.GetOrigin().GetTags()...), "\n")
				inJSON, err := json.Marshal(value)
				require.NoError(t, err)
				if !strings.Contains(fields, strings.Trim(string(inJSON), `"`)) {
					require.Contains(t, fields, value, "%s of %s", name, s.GetName())
				}
			}
		}
	}
}
