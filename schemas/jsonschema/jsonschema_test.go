package jsonschema_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/jsonschema"
	"github.com/ragline/ragline/schemas/jsonschema/schematest"
)

var update = flag.Bool("update", false, "rewrite the schemas")

func TestSchemasFollowTheProtobufFiles(t *testing.T) {
	t.Parallel()
	files, _ := image(t)
	for _, d := range event.Definitions() {
		path := d.Type + ".schema.json"
		want := generate(t, files, d)
		if *update {
			require.NoError(t, os.WriteFile(path, want, 0o600))
		}
		have, err := os.ReadFile(path)
		require.NoError(t, err, "run go test ./schemas/jsonschema -update")
		require.Equal(t, string(want), string(have), "run go test ./schemas/jsonschema -update")
	}
	require.Len(t, jsonschema.Types(), len(event.Definitions()), "a schema without an event")
}

// The image with the comments must describe the code that was compiled in.
func TestImageIsUpToDate(t *testing.T) {
	t.Parallel()
	_, set := image(t)
	for _, file := range set.GetFile() {
		if !strings.HasPrefix(file.GetName(), "ragline/") {
			continue
		}
		compiled, err := protoregistry.GlobalFiles.FindFileByPath(file.GetName())
		require.NoError(t, err)
		file.SourceCodeInfo = nil
		file.ProtoReflect().SetUnknown(nil) // buf's own extension
		require.True(t, proto.Equal(protodesc.ToFileDescriptorProto(compiled), file), "%s: run buf build -o v1.binpb and buf generate in schemas/proto", file.GetName())
	}
}

func TestGoldenRecordsMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, d := range event.Definitions() {
		schema, ok := jsonschema.Get(d.Type)
		require.True(t, ok, d.Type)
		require.NoError(t, schematest.Validate(schema, goldenValue(t, d)), d.Type)
	}
	_, ok := jsonschema.Get("nothing.happened.v1")
	require.False(t, ok)
}

func TestSchemasAgreeWithValidate(t *testing.T) {
	t.Parallel()
	for _, d := range event.Definitions() {
		schema, _ := jsonschema.Get(d.Type)
		fields := d.Prototype.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			m := golden(t, d)
			m.ProtoReflect().Clear(fields.Get(i))
			raw, err := protojson.Marshal(m)
			require.NoError(t, err)
			require.Equal(t, event.Validate(m) == nil, schematest.Validate(schema, raw) == nil, "%s without %s", d.Type, fields.Get(i).Name())
		}
	}
	for _, c := range []struct{ typ, value string }{
		{"query.asked.v1", `{"text": "x", "maxSteps": 1001}`},
		{"query.asked.v1", `{"text": "x", "maxSteps": -1}`},
		{"feedback.given.v1", `{"queryId": "q", "value": 1.5}`},
		{"feedback.given.v1", `{"value": 1}`},
		{"score.given.v1", `{"traceId": "ABC", "name": "n"}`},
	} {
		schema, _ := jsonschema.Get(c.typ)
		require.Error(t, schematest.Validate(schema, []byte(c.value)), c.value)
		d, _ := event.Lookup(c.typ)
		m := d.Prototype.ProtoReflect().New().Interface()
		require.NoError(t, protojson.Unmarshal([]byte(c.value), m))
		require.Error(t, event.Validate(m), c.value)
	}
}

// What the .proto promises in words, Validate must hold.
func TestFieldsCommentedAsRequiredAreRequired(t *testing.T) {
	t.Parallel()
	files, _ := image(t)
	for _, d := range event.Definitions() {
		md, err := files.FindDescriptorByName(d.Prototype.ProtoReflect().Descriptor().FullName())
		require.NoError(t, err)
		required := probe(t, d).required
		fields := md.(protoreflect.MessageDescriptor).Fields()
		for i := range fields.Len() {
			if strings.Contains(comment(fields.Get(i)), "Required.") {
				require.Contains(t, required, fields.Get(i).JSONName(), d.Type)
			}
		}
	}
}
