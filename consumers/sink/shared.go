package sink

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/ragline/ragline/schemas/event"
)

// decimal is Decimal(18, 12): picodollars are its unscaled form, so costs stay exact.
type decimal struct{ *proto.ColDecimal64 }

const maxPicoUSD = 999_999_999_999_999_999

func (decimal) Type() proto.ColumnType { return "Decimal(18, 12)" }

func dollars() proto.ColumnOf[proto.Decimal64] { return decimal{new(proto.ColDecimal64)} }

func costColumns[T any](get func(T) *event.Cost) []column[T] {
	cost := value("cost", nullable(dollars), func(m T) proto.Nullable[proto.Decimal64] {
		if get(m) == nil {
			return proto.Null[proto.Decimal64]()
		}
		return proto.NewNullable(proto.Decimal64(get(m).GetPicoUsd()))
	})
	cost.check = func(m T) error { return checkPicoUSD(get(m).GetPicoUsd()) }
	return []column[T]{cost, value("price_table", lowCardinality, func(m T) string { return get(m).GetPriceTable() })}
}

func checkPicoUSD(p int64) error {
	if p <= maxPicoUSD && p >= -maxPicoUSD {
		return nil
	}
	return &event.DecodeError{Reason: reasonOutOfRange, Field: "cost", Err: fmt.Errorf("%d picodollars are a million dollars or more", p)}
}

func usageColumns[T any](get func(T) *event.Usage) []column[T] {
	return []column[T]{
		value("input_tokens", integer64, func(m T) int64 { return get(m).GetInputTokens() }),
		value("output_tokens", integer64, func(m T) int64 { return get(m).GetOutputTokens() }),
		value("cache_read_input_tokens", integer64, func(m T) int64 { return get(m).GetCacheReadInputTokens() }),
		value("cache_creation_input_tokens", integer64, func(m T) int64 { return get(m).GetCacheCreationInputTokens() }),
		value("reasoning_output_tokens", integer64, func(m T) int64 { return get(m).GetReasoningOutputTokens() }),
	}
}

func originColumns[T any](get func(T) *event.Origin) []column[T] {
	return []column[T]{
		value("user_id", text, func(m T) string { return get(m).GetUserId() }),
		value("session_id", text, func(m T) string { return get(m).GetSessionId() }),
		value("environment", lowCardinality, func(m T) string { return get(m).GetEnvironment() }),
		words("tags", func(m T) []string { return get(m).GetTags() }),
	}
}

func sourceColumns[T any](get func(T) []*event.Source) []column[T] {
	return []column[T]{
		list("sources.document_id", text, get, (*event.Source).GetDocumentId),
		list("sources.title", text, get, (*event.Source).GetTitle),
		list("sources.text", text, get, (*event.Source).GetText),
		list("sources.score", float64s, get, (*event.Source).GetScore),
		list("sources.uri", text, get, (*event.Source).GetUri),
		list("sources.cited", boolean, get, (*event.Source).GetCited),
	}
}

// enum returns the column text of an enum: SPAN_KIND_LLM is "llm", unspecified is empty. A number of a newer
// producer stays a number, so nothing is refused.
func enum[E ~int32](names map[int32]string, prefix string) func(E) string {
	short := make(map[int32]string, len(names))
	for n, name := range names {
		short[n] = strings.ToLower(strings.TrimPrefix(name, prefix))
	}
	short[0] = ""
	return func(e E) string {
		if s, ok := short[int32(e)]; ok {
			return s
		}
		return strconv.Itoa(int(e))
	}
}

// attributes are the entries of an OTel attribute map as text.
func attributes(m map[string]*event.AttributeValue) []pair[string] {
	return convertedPairs(m, func(v *event.AttributeValue) string {
		switch v := v.GetValue().(type) {
		case *event.AttributeValue_StringValue:
			return v.StringValue
		case *event.AttributeValue_IntValue:
			return strconv.FormatInt(v.IntValue, 10)
		case *event.AttributeValue_DoubleValue:
			return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		case *event.AttributeValue_BoolValue:
			return strconv.FormatBool(v.BoolValue)
		case *event.AttributeValue_JsonValue:
			return v.JsonValue
		default:
			return ""
		}
	})
}
