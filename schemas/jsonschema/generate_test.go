package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/ragline/ragline/schemas/event"
)

// object keeps the order of its members: fields stay in the order of the .proto file.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		for j, v := range []any{m.name, m.value} {
			if j > 0 {
				out.WriteByte(':')
			}
			enc := json.NewEncoder(&out)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v); err != nil {
				return nil, err
			}
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// image reads the descriptors with their comments, which the compiled Go code lacks.
func image(t *testing.T) (*protoregistry.Files, *descriptorpb.FileDescriptorSet) {
	t.Helper()
	raw, err := os.ReadFile("../proto/v1.binpb")
	require.NoError(t, err)
	var set descriptorpb.FileDescriptorSet
	require.NoError(t, proto.Unmarshal(raw, &set))
	files, err := protodesc.NewFiles(&set)
	require.NoError(t, err)
	return files, &set
}

// generator builds the schema of one event.
type generator struct {
	files *protoregistry.Files
	defs  map[string]object
	order []string
}

func generate(t *testing.T, files *protoregistry.Files, d event.Definition) []byte {
	t.Helper()
	g := &generator{files: files, defs: map[string]object{}}
	md := g.describe(t, d.Prototype.ProtoReflect().Descriptor().FullName())
	out := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:ragline:event:" + d.Type},
		{"title", string(md.Name())},
	}
	out = append(out, g.message(t, md, probe(t, d))...)
	if len(g.order) > 0 {
		var defs object
		for _, name := range g.order {
			defs = append(defs, member{name, g.defs[name]})
		}
		out = append(out, member{"$defs", defs})
	}
	raw, err := json.Marshal(out)
	require.NoError(t, err)
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, raw, "", "  "))
	pretty.WriteByte('\n')
	return pretty.Bytes()
}

func (g *generator) describe(t *testing.T, name protoreflect.FullName) protoreflect.MessageDescriptor {
	t.Helper()
	d, err := g.files.FindDescriptorByName(name)
	require.NoError(t, err, "proto/v1.binpb is out of date: run buf build -o v1.binpb")
	return d.(protoreflect.MessageDescriptor)
}

func (g *generator) message(t *testing.T, md protoreflect.MessageDescriptor, rules constraints) object {
	t.Helper()
	var properties object
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		s := g.field(t, fd)
		s = append(s, rules.fields[fd.JSONName()]...)
		if text := comment(fd); text != "" {
			s = append(object{{"description", text}}, s...)
		}
		properties = append(properties, member{fd.JSONName(), s})
	}
	var out object
	if text := comment(md); text != "" {
		out = append(out, member{"description", text})
	}
	out = append(out, member{"type", "object"}, member{"properties", properties})
	if len(rules.required) > 0 {
		out = append(out, member{"required", rules.required})
	}
	out = append(out, rules.more...)
	if md.Oneofs().Len() == 1 && !md.Oneofs().Get(0).IsSynthetic() {
		out = append(out, member{"maxProperties", 1})
	}
	return out
}

func (g *generator) field(t *testing.T, fd protoreflect.FieldDescriptor) object {
	t.Helper()
	switch {
	case fd.IsMap():
		return object{{"type", "object"}, {"additionalProperties", g.value(t, fd.MapValue())}}
	case fd.IsList():
		return object{{"type", "array"}, {"items", g.value(t, fd)}}
	default:
		return g.value(t, fd)
	}
}

func (g *generator) value(t *testing.T, fd protoreflect.FieldDescriptor) object {
	t.Helper()
	switch fd.Kind() {
	case protoreflect.StringKind:
		return object{{"type", "string"}}
	case protoreflect.BoolKind:
		return object{{"type", "boolean"}}
	case protoreflect.DoubleKind:
		return object{{"type", "number"}}
	case protoreflect.Int32Kind:
		return object{{"type", "integer"}}
	case protoreflect.Int64Kind: // protojson writes a string, since JavaScript's numbers end at 2^53
		return object{{"type", []string{"string", "integer"}}, {"pattern", "^-?[0-9]+$"}}
	case protoreflect.EnumKind:
		return enum(fd.Enum())
	case protoreflect.MessageKind:
		return g.reference(t, fd.Message())
	default:
		require.Fail(t, "no JSON Schema for this kind", "%s is %s", fd.FullName(), fd.Kind())
		return nil
	}
}

func (g *generator) reference(t *testing.T, md protoreflect.MessageDescriptor) object {
	t.Helper()
	if md.FullName() == "google.protobuf.Timestamp" {
		return object{{"type", "string"}, {"format", "date-time"}}
	}
	name := string(md.Name())
	if _, done := g.defs[name]; !done {
		g.defs[name] = nil // stops recursion
		g.order = append(g.order, name)
		g.defs[name] = g.message(t, md, constraints{})
	}
	return object{{"$ref", "#/$defs/" + name}}
}

func enum(ed protoreflect.EnumDescriptor) object {
	var names []string
	texts := []string{comment(ed)}
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		names = append(names, string(v.Name()))
		if c := comment(v); c != "" {
			texts = append(texts, string(v.Name())+": "+c)
		}
	}
	out := object{{"type", "string"}, {"enum", names}}
	if text := strings.TrimSpace(strings.Join(texts, " ")); text != "" {
		out = append(out, member{"$comment", text})
	}
	return out
}

var space = regexp.MustCompile(`\s+`)

func comment(d protoreflect.Descriptor) string {
	text := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	return strings.TrimSpace(space.ReplaceAllString(text, " "))
}
