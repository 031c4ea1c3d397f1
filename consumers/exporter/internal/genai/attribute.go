package genai

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/ragline/ragline/schemas/event"
)

// Attributes collects attributes by name. Empty texts are left out: OTel has no attribute without a value.
//
// It is a list, and a name is searched from its start: a span has thirty of them, for which a map, and its order,
// cost more. A text, which most are, is one allocation.
type Attributes struct{ list []*commonpb.KeyValue }

// textCell is a text attribute in one piece.
type textCell struct {
	pair  commonpb.KeyValue
	value commonpb.AnyValue
	text  commonpb.AnyValue_StringValue
}

func (a *Attributes) find(name string) int {
	return slices.IndexFunc(a.list, func(kv *commonpb.KeyValue) bool { return kv.Key == name })
}

func (a *Attributes) put(kv *commonpb.KeyValue) {
	if i := a.find(kv.Key); i >= 0 {
		a.list[i] = kv
		return
	}
	a.list = append(a.list, kv)
}

func (a *Attributes) set(name string, value *commonpb.AnyValue) {
	a.put(&commonpb.KeyValue{Key: name, Value: value})
}

// Text sets a text.
func (a *Attributes) Text(name, value string) {
	if value == "" {
		return
	}
	cell := &textCell{}
	cell.text.StringValue = value
	cell.value.Value = &cell.text
	cell.pair.Key, cell.pair.Value = name, &cell.value
	a.put(&cell.pair)
}

// Default sets a text where the name has no value yet.
func (a *Attributes) Default(name, value string) {
	if value != "" && a.find(name) < 0 {
		a.Text(name, value)
	}
}

// Number sets a whole number.
func (a *Attributes) Number(name string, value int64) {
	a.set(name, &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: value}})
}

// Double sets a number.
func (a *Attributes) Double(name string, value float64) {
	a.set(name, &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: value}})
}

// Flag sets a truth value.
func (a *Attributes) Flag(name string, value bool) {
	a.set(name, &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: value}})
}

// Texts sets a list of texts.
func (a *Attributes) Texts(name string, values []string) {
	if len(values) == 0 {
		return
	}
	list := make([]*commonpb.AnyValue, len(values))
	for i, v := range values {
		list[i] = textValue(v)
	}
	a.set(name, arrayValue(list))
}

// Typed takes an attribute over with its type.
func (a *Attributes) Typed(name string, value *event.AttributeValue) {
	switch v := value.GetValue().(type) {
	case *event.AttributeValue_StringValue:
		a.Text(name, v.StringValue)
	case *event.AttributeValue_IntValue:
		a.Number(name, v.IntValue)
	case *event.AttributeValue_DoubleValue:
		a.Double(name, v.DoubleValue)
	case *event.AttributeValue_BoolValue:
		a.Flag(name, v.BoolValue)
	case *event.AttributeValue_JsonValue:
		if list, ok := primitives(v.JsonValue); ok {
			a.set(name, arrayValue(list))
		} else {
			a.Text(name, v.JsonValue)
		}
	}
}

// Sorted returns the attributes by name, so that the same event gives the same bytes.
func (a *Attributes) Sorted() []*commonpb.KeyValue {
	slices.SortFunc(a.list, func(x, y *commonpb.KeyValue) int { return strings.Compare(x.Key, y.Key) })
	return a.list
}

func textValue(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

func arrayValue(list []*commonpb.AnyValue) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: list}}}
}

// primitives reads a JSON array of texts, numbers or truth values, which is a typed list in OTLP
// (gen_ai.response.finish_reasons). Everything deeper stays JSON text, as the conventions allow and backends expect.
func primitives(text string) ([]*commonpb.AnyValue, bool) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var items []any
	if err := dec.Decode(&items); err != nil || dec.More() || items == nil {
		return nil, false
	}
	list := make([]*commonpb.AnyValue, len(items))
	kinds := map[string]bool{}
	for i, item := range items {
		value, kind := primitive(item)
		if kinds[kind] = true; value == nil || len(kinds) > 1 {
			return nil, false
		}
		list[i] = value
	}
	return list, true
}

func primitive(item any) (value *commonpb.AnyValue, kind string) {
	switch v := item.(type) {
	case string:
		return textValue(v), "text"
	case bool:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: v}}, "flag"
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}, "number"
		}
		if f, err := v.Float64(); err == nil {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}, "double"
		}
	}
	return nil, ""
}
