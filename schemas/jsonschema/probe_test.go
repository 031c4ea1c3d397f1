package jsonschema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ragline/ragline/schemas/event"
)

// constraints are what event.Validate asks of a message beyond its types.
type constraints struct {
	required []string
	fields   map[string]object
	more     object
}

// probe finds the constraints by experiment: it takes a valid golden record, spoils one field after the other
// and watches what Validate says. So the schemas cannot disagree with the code.
func probe(t *testing.T, d event.Definition) constraints {
	t.Helper()
	c := constraints{fields: map[string]object{}}
	fields := d.Prototype.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		name := fd.JSONName()
		required := spoil(t, d, func(m protoreflect.Message) { m.Clear(fd) }) == event.ReasonMissingField+" "+event.Reason(name)
		if required {
			c.required = append(c.required, name)
		}
		if fd.Kind() == protoreflect.StringKind && !fd.IsList() {
			c.fields[name] = probeString(t, d, fd, required)
		}
	}
	switch d.Prototype.(type) { // bounds cannot be found by a few experiments; TestSchemasAgreeWithValidate holds them to Validate
	case *event.QueryAsked:
		c.fields["maxSteps"] = object{{"minimum", 0}, {"maximum", 1000}}
	case *event.FeedbackGiven:
		c.fields["value"] = object{{"minimum", 0}, {"maximum", 1}}
		c.more = object{{"anyOf", []object{{{"required", []string{"traceId"}}}, {{"required", []string{"queryId"}}}}}}
	}
	return c
}

func probeString(t *testing.T, d event.Definition, fd protoreflect.FieldDescriptor, required bool) object {
	t.Helper()
	hex := spoil(t, d, func(m protoreflect.Message) { m.Set(fd, protoreflect.ValueOfString("zz")) }) == event.ReasonInvalidField+" "+event.Reason(fd.JSONName())
	digits := len(golden(t, d).ProtoReflect().Get(fd).String())
	switch {
	case hex && required:
		return object{{"pattern", fmt.Sprintf("^[0-9a-f]{%d}$", digits)}}
	case hex:
		return object{{"pattern", fmt.Sprintf("^([0-9a-f]{%d})?$", digits)}}
	case required:
		return object{{"minLength", 1}}
	default:
		return nil
	}
}

// spoil returns the reason and the field of what Validate says about the changed golden record.
func spoil(t *testing.T, d event.Definition, change func(protoreflect.Message)) event.Reason {
	t.Helper()
	m := golden(t, d)
	change(m.ProtoReflect())
	var de *event.DecodeError
	if !errors.As(event.Validate(m), &de) {
		return ""
	}
	return de.Reason + " " + event.Reason(de.Field)
}

func golden(t *testing.T, d event.Definition) proto.Message {
	t.Helper()
	m := d.Prototype.ProtoReflect().New().Interface()
	require.NoError(t, protojson.Unmarshal(goldenValue(t, d), m))
	return m
}

func goldenValue(t *testing.T, d event.Definition) []byte {
	t.Helper()
	raw, err := os.ReadFile("../event/testdata/" + d.Type + ".json")
	require.NoError(t, err)
	var g struct{ Value json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &g))
	return g.Value
}
