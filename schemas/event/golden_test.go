package event_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

var update = flag.Bool("update", false, "rewrite the golden records from their JSON values")

// golden is a record as it lies on the log, in both encodings. Value is written by hand; the rest is derived from it.
// A golden record of a released version is never edited: history keeps such records for ever.
type golden struct {
	Headers  map[string]string `json:"headers"`
	Key      string            `json:"key"`
	Value    json.RawMessage   `json:"value"`
	Protobuf string            `json:"protobuf"`
}

const goldenID = "0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11"

var goldenTime = time.Date(2026, time.November, 20, 9, 30, 0, 123_000_000, time.UTC)

func goldenPath(typ string) string { return filepath.Join("testdata", typ+".json") }

func readGolden(t testing.TB, typ string) golden {
	t.Helper()
	raw, err := os.ReadFile(goldenPath(typ))
	require.NoError(t, err, "every event needs a golden record: write its value and run go test -update")
	var g golden
	require.NoError(t, json.Unmarshal(raw, &g))
	return g
}

// sample is the event that a golden record stands for.
func sample(t testing.TB, d event.Definition) event.Event {
	t.Helper()
	m := d.Prototype.ProtoReflect().New().Interface()
	require.NoError(t, protojson.Unmarshal(readGolden(t, d.Type).Value, m))
	return event.Event{
		ID: goldenID, Type: d.Type, Source: "ragline/test", Tenant: "acme", Time: goldenTime, Data: m,
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

func (g golden) record(typ, contentType string, value []byte) event.Record {
	r := event.Record{Topic: topic.For(typ), Partition: 2, Offset: 41, Key: []byte(g.Key), Value: value, Timestamp: goldenTime}
	for k, v := range g.Headers {
		r.Headers = append(r.Headers, event.Header{Key: k, Value: []byte(v)})
	}
	r.Headers = append(r.Headers, event.Header{Key: event.HeaderContentType, Value: []byte(contentType)})
	return r
}

func TestEveryEventHasAGoldenRecord(t *testing.T) {
	t.Parallel()
	for _, d := range event.Definitions() {
		t.Run(d.Type, func(t *testing.T) {
			t.Parallel()
			want := renderGolden(t, d)
			if *update {
				require.NoError(t, os.WriteFile(goldenPath(d.Type), want, 0o600))
			}
			have, err := os.ReadFile(goldenPath(d.Type))
			require.NoError(t, err)
			require.Equal(t, string(want), string(have), "what Encode writes has changed: old readers must still understand it")
		})
	}
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(event.Definitions()), "a golden record without an event")
}

func renderGolden(t *testing.T, d event.Definition) []byte {
	t.Helper()
	r, err := event.Encode(sample(t, d))
	require.NoError(t, err)
	g := golden{Headers: map[string]string{}, Key: string(r.Key), Value: readGolden(t, d.Type).Value, Protobuf: hex.EncodeToString(r.Value)}
	for _, h := range r.Headers {
		if h.Key != event.HeaderContentType {
			g.Headers[h.Key] = string(h.Value)
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(g))
	return out.Bytes()
}

func TestGoldenRecordsDecodeInBothEncodings(t *testing.T) {
	t.Parallel()
	for _, d := range event.Definitions() {
		t.Run(d.Type, func(t *testing.T) {
			t.Parallel()
			g, want := readGolden(t, d.Type), sample(t, d)
			want.Key = g.Key
			want.Position = event.Position{Topic: topic.For(d.Type), Partition: 2, Offset: 41}
			binary, err := hex.DecodeString(g.Protobuf)
			require.NoError(t, err)

			for contentType, value := range map[string][]byte{event.ContentTypeProtobuf: binary, event.ContentTypeJSON: g.Value} {
				have, err := topic.Decode(g.record(d.Type, contentType, value))
				require.NoError(t, err, contentType)
				require.True(t, proto.Equal(want.Data, have.Data), "%s: want %v, have %v", contentType, want.Data, have.Data)
				have.Data, want.Data = nil, have.Data
				whole := want
				whole.Data = nil
				require.Equal(t, whole, have, contentType)
			}
		})
	}
}

// A golden record that leaves a field out would not notice when the field's number or name changes.
func TestGoldenRecordsFillEveryField(t *testing.T) {
	t.Parallel()
	seen := map[protoreflect.FullName]bool{}
	for _, d := range event.Definitions() {
		markFields(sample(t, d).Data.ProtoReflect(), seen)
	}
	for _, d := range event.Definitions() {
		eachField(d.Prototype.ProtoReflect().Descriptor(), map[protoreflect.FullName]bool{}, func(fd protoreflect.FieldDescriptor) {
			require.True(t, seen[fd.FullName()], "no golden record fills %s", fd.FullName())
		})
	}
}

func markFields(m protoreflect.Message, seen map[protoreflect.FullName]bool) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		seen[fd.FullName()] = true
		switch {
		case fd.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				if fd.MapValue().Message() != nil {
					markFields(v.Message(), seen)
				}
				return true
			})
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				markFields(v.List().Get(i).Message(), seen)
			}
		case fd.Message() != nil:
			markFields(v.Message(), seen)
		}
		return true
	})
}

// eachField visits the fields of a message and of the messages in it, without timestamps and map entries.
func eachField(md protoreflect.MessageDescriptor, done map[protoreflect.FullName]bool, visit func(protoreflect.FieldDescriptor)) {
	if done[md.FullName()] || strings.HasPrefix(string(md.FullName()), "google.") {
		return
	}
	done[md.FullName()] = true
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if !md.IsMapEntry() {
			visit(fd)
		}
		if fd.Message() != nil {
			eachField(fd.Message(), done, visit)
		}
	}
}
