package sink

import (
	"cmp"
	"slices"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/ragline/ragline/schemas/event"
)

// column is one column of a table whose rows are made of a T.
type column[T any] struct {
	name string
	// start returns an empty column and the function that appends a row to it.
	start func() (proto.ColInput, func(event.Event, T))
	// check, if set, reports a value that the column cannot hold.
	check func(T) error
}

// value is a column with one value for each row. of makes the column, get reads the value.
func value[T, V any](name string, of func() proto.ColumnOf[V], get func(T) V) column[T] {
	return column[T]{name: name, start: func() (proto.ColInput, func(event.Event, T)) {
		c := of()
		return c, func(_ event.Event, m T) { c.Append(get(m)) }
	}}
}

// attribute is a column that comes from the envelope.
func attribute[T, V any](name string, of func() proto.ColumnOf[V], get func(event.Event) V) column[T] {
	return column[T]{name: name, start: func() (proto.ColInput, func(event.Event, T)) {
		c := of()
		return c, func(e event.Event, _ T) { c.Append(get(e)) }
	}}
}

// list is an array column: one value for each element of a repeated field.
func list[T, E, V any](name string, of func() proto.ColumnOf[V], elements func(T) []E, get func(E) V) column[T] {
	return column[T]{name: name, start: func() (proto.ColInput, func(event.Event, T)) {
		c := proto.NewArray(of())
		var scratch []V // Append copies
		return c, func(_ event.Event, m T) {
			scratch = scratch[:0]
			for _, e := range elements(m) {
				scratch = append(scratch, get(e))
			}
			c.Append(scratch)
		}
	}}
}

// words is an array of repeated short strings, such as tags.
func words[T any](name string, get func(T) []string) column[T] {
	return list(name, lowCardinality, get, func(s string) string { return s })
}

// Column types, by their name in ClickHouse.

func boolean() proto.ColumnOf[bool]     { return new(proto.ColBool) }
func integer32() proto.ColumnOf[int32]  { return new(proto.ColInt32) }
func integer64() proto.ColumnOf[int64]  { return new(proto.ColInt64) }
func float64s() proto.ColumnOf[float64] { return new(proto.ColFloat64) }
func texts() proto.ColumnOf[[]string]   { return proto.NewArray(text()) }

func nullable[V any](of func() proto.ColumnOf[V]) func() proto.ColumnOf[proto.Nullable[V]] {
	return func() proto.ColumnOf[proto.Nullable[V]] { return proto.NewColNullable(of()) }
}

// orNull turns the pointer of an optional field into a value or NULL.
func orNull[V any](v *V) proto.Nullable[V] {
	if v == nil {
		return proto.Null[V]()
	}
	return proto.NewNullable(*v)
}

// pair is one entry of a map column.
type pair[V any] = proto.KV[string, V]

// mapColumn is ch-go's map column, appended to as pairs: a Go map would give its entries in any order.
type mapColumn[V any] struct{ *proto.ColMap[string, V] }

func (c mapColumn[V]) Append(pairs []pair[V]) { c.AppendKV(pairs) }

func (c mapColumn[V]) AppendArr(rows [][]pair[V]) {
	for _, pairs := range rows {
		c.AppendKV(pairs)
	}
}

func (c mapColumn[V]) Row(i int) []pair[V] { return c.RowKV(i) }

func mapOf[V any](of func() proto.ColumnOf[V]) func() proto.ColumnOf[[]pair[V]] {
	return func() proto.ColumnOf[[]pair[V]] { return mapColumn[V]{proto.NewMap(lowCardinality(), of())} }
}

// pairs returns the entries of a map sorted by key.
func pairs[V any](m map[string]V) []pair[V] {
	return convertedPairs(m, func(v V) V { return v })
}

func convertedPairs[V, W any](m map[string]V, convert func(V) W) []pair[W] {
	out := make([]pair[W], 0, len(m))
	for k, v := range m {
		out = append(out, pair[W]{Key: k, Value: convert(v)})
	}
	slices.SortFunc(out, func(a, b pair[W]) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
