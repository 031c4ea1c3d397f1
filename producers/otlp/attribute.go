package otlp

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/ragline/ragline/schemas/event"
)

// attributes are those of one span. What goes into a field is taken, and the rest stays.
type attributes map[string]*commonpb.AnyValue

func read(list []*commonpb.KeyValue) attributes {
	a := make(attributes, len(list))
	for _, kv := range list {
		a[kv.GetKey()] = kv.GetValue()
	}
	return a
}

// text returns the first of the names that has a text, and leaves it there.
func (a attributes) text(names ...string) string {
	value, _ := a.find(names)
	return value
}

// takeText takes the first of the names that has a text.
func (a attributes) takeText(names ...string) string {
	value, name := a.find(names)
	delete(a, name)
	return value
}

// takeID takes the first of the names that has a text which an id may be. A longer one stays where it is.
func (a attributes) takeID(names ...string) string {
	value, name := a.find(names)
	if len(value) > event.MaxIDBytes {
		return ""
	}
	delete(a, name)
	return value
}

// takeContent takes the first of the names that has a value: a text as it is, a list or a map as JSON.
func (a attributes) takeContent(names ...string) string {
	for _, name := range names {
		if value := content(a[name]); value != "" {
			delete(a, name)
			return value
		}
	}
	return ""
}

func (a attributes) find(names []string) (value, name string) {
	for _, name := range names {
		if value := a[name].GetStringValue(); value != "" {
			return value, name
		}
	}
	return "", ""
}

// takeCount takes the first of the names that has a whole number of at least zero, however it is written.
func (a attributes) takeCount(names ...string) (int64, bool) {
	for _, name := range names {
		n, ok := number(a[name])
		if ok && n >= 0 && n == math.Trunc(n) && n < 1<<53 {
			delete(a, name)
			return int64(n), true
		}
	}
	return 0, false
}

// takeTexts takes the first of the names that has a list of texts which labels may be.
func (a attributes) takeTexts(names ...string) []string {
	for _, name := range names {
		texts, ok := labels(a[name])
		if ok {
			delete(a, name)
			return texts
		}
	}
	return nil
}

func labels(v *commonpb.AnyValue) ([]string, bool) {
	var texts []string
	if raw := v.GetStringValue(); strings.HasPrefix(raw, "[") { // some SDKs write lists as JSON
		if json.Unmarshal([]byte(raw), &texts) != nil {
			return nil, false
		}
	}
	for _, item := range v.GetArrayValue().GetValues() {
		texts = append(texts, item.GetStringValue())
	}
	for _, text := range texts {
		if text == "" || len(text) > event.MaxIDBytes {
			return nil, false
		}
	}
	return texts, len(texts) > 0 && len(texts) <= event.MaxTags
}

func number(v *commonpb.AnyValue) (float64, bool) {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_IntValue:
		return float64(v.IntValue), true
	case *commonpb.AnyValue_DoubleValue:
		return v.DoubleValue, !math.IsNaN(v.DoubleValue) && !math.IsInf(v.DoubleValue, 0)
	case *commonpb.AnyValue_StringValue:
		n, err := strconv.ParseFloat(v.StringValue, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	default:
		return 0, false
	}
}

// rest returns the attributes that no field has taken, with their types.
func (a attributes) rest() map[string]*event.AttributeValue {
	if len(a) == 0 {
		return nil
	}
	out := make(map[string]*event.AttributeValue, len(a))
	for name, value := range a {
		out[name] = verbatim(value)
	}
	return out
}

func verbatim(v *commonpb.AnyValue) *event.AttributeValue {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_IntValue:
		return &event.AttributeValue{Value: &event.AttributeValue_IntValue{IntValue: v.IntValue}}
	case *commonpb.AnyValue_DoubleValue:
		return &event.AttributeValue{Value: &event.AttributeValue_DoubleValue{DoubleValue: v.DoubleValue}}
	case *commonpb.AnyValue_BoolValue:
		return &event.AttributeValue{Value: &event.AttributeValue_BoolValue{BoolValue: v.BoolValue}}
	case *commonpb.AnyValue_ArrayValue, *commonpb.AnyValue_KvlistValue:
		return &event.AttributeValue{Value: &event.AttributeValue_JsonValue{JsonValue: marshal(plain(&commonpb.AnyValue{Value: v}))}}
	default:
		return textValue(content(&commonpb.AnyValue{Value: v}))
	}
}

func textValue(s string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: s}}
}

// content is a value as one text.
func content(v *commonpb.AnyValue) string {
	switch p := plain(v).(type) {
	case nil:
		return ""
	case string:
		return p
	default:
		return marshal(p)
	}
}

// plain is a value as encoding/json knows it. Bytes are base64, as in OTLP's own JSON.
func plain(v *commonpb.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return v.IntValue
	case *commonpb.AnyValue_BoolValue:
		return v.BoolValue
	case *commonpb.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) { // JSON has no such number
			return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		}
		return v.DoubleValue
	case *commonpb.AnyValue_BytesValue:
		return base64.StdEncoding.EncodeToString(v.BytesValue)
	case *commonpb.AnyValue_ArrayValue:
		list := make([]any, 0, len(v.ArrayValue.GetValues()))
		for _, item := range v.ArrayValue.GetValues() {
			list = append(list, plain(item))
		}
		return list
	case *commonpb.AnyValue_KvlistValue:
		fields := make(map[string]any, len(v.KvlistValue.GetValues()))
		for _, kv := range v.KvlistValue.GetValues() {
			fields[kv.GetKey()] = plain(kv.GetValue())
		}
		return fields
	default:
		return nil
	}
}

func marshal(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts, numbers, lists and maps always encode
	return strings.TrimSuffix(b.String(), "\n")
}
