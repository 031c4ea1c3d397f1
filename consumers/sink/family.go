package sink

import (
	"github.com/ClickHouse/ch-go/proto"
	protobuf "google.golang.org/protobuf/proto"
)

// field reads a field that some messages of a family have: I is an interface with its getter. The others give
// the zero value.
func field[I, V any](get func(I) V) func(protobuf.Message) V {
	return func(m protobuf.Message) V {
		if has, ok := m.(I); ok {
			return get(has)
		}
		var zero V
		return zero
	}
}

// fieldOrNull is field for columns where zero means something.
func fieldOrNull[I, V any](get func(I) V) func(protobuf.Message) proto.Nullable[V] {
	return func(m protobuf.Message) proto.Nullable[V] {
		if has, ok := m.(I); ok {
			return proto.NewNullable(get(has))
		}
		return proto.Null[V]()
	}
}
